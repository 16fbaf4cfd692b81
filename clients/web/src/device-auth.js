/**
 * How a device says who it is, after its enrolment: a JWT that its factor's key signed, kept until shortly before its
 * end.
 *
 * On a 401 with a `Date` the difference of the clocks is remembered, and the next token is a new one (contract §3.5).
 */

import { base64 } from "./base64.js";
import { JWT_LIFETIME_SECONDS, deviceJwt } from "./jose.js";

/** @import { Clock } from "./clock.js" */
/** @import { Factor } from "./factor.js" */
/** @import { Store } from "./store.js" */

const JWT_MARGIN_SECONDS = 60;
const MILLISECONDS = 1000;
const TOKEN_USER = "token";

/** One factor's tokens. */
export class DeviceAuth {
  #factor;
  #store;
  #clock;
  #jwt = "";
  #signedAtSeconds = 0;
  #correctionSeconds = 0;

  /** @param {Factor} factor @param {Store} store @param {Clock} clock */
  constructor(factor, store, clock) {
    this.#factor = factor;
    this.#store = store;
    this.#clock = clock;
  }

  /** The `Authorization` of a request that is made now. Rejects with KeyUnknownError. */
  async authorization() {
    const correctionSeconds = await this.#store.clockCorrectionSeconds();
    const nowSeconds = this.#clock.now() + correctionSeconds;
    const ageSeconds = nowSeconds - this.#signedAtSeconds;
    const isFresh = ageSeconds >= 0 && ageSeconds < JWT_LIFETIME_SECONDS - JWT_MARGIN_SECONDS;
    if (!this.#jwt || !isFresh || correctionSeconds !== this.#correctionSeconds) {
      this.#jwt = await deviceJwt({
        credentialSid: this.#factor.credentialSid,
        accountSid: this.#factor.accountSid,
        nowSeconds: Math.floor(nowSeconds),
        sign: (message) => this.#store.sign(this.#factor.keyId, message),
      });
      this.#signedAtSeconds = nowSeconds;
      this.#correctionSeconds = correctionSeconds;
    }
    return basicToken(this.#jwt);
  }

  /**
   * Learn the server's time from a refusal. Whether another try makes sense.
   *
   * @param {string | null} serverDate
   */
  async correctClock(serverDate) {
    const serverMilliseconds = serverDate === null ? NaN : Date.parse(serverDate);
    if (Number.isNaN(serverMilliseconds)) return false;
    this.#jwt = "";
    await this.#store.setClockCorrectionSeconds(Math.round(serverMilliseconds / MILLISECONDS - this.#clock.now()));
    return true;
  }
}

/**
 * The `Authorization` of a device: user `token`, the token as its password.
 *
 * @param {string} token
 */
export function basicToken(token) {
  return `Basic ${base64(new TextEncoder().encode(`${TOKEN_USER}:${token}`))}`;
}

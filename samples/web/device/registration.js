/**
 * Enrolling this browser for a user: an access token from the bank, then a key of its own and its factor.
 */

import { isPassing } from "/device/wording.js";

const APP_ID = "com.example.bank.web";

export class Registration {
  #device;
  #backend;
  #settings;
  /** @type {{ username: string, payload: import("/lib/pushward-device/index.js").RegistrationPayload } | null} */
  #unfinished = null;

  /**
   * @param {import("/lib/pushward-device/index.js").PushwardDevice} device
   * @param {import("/shared/backend.js").Backend} backend
   * @param {import("/device/settings.js").Settings} settings
   */
  constructor(device, backend, settings) {
    this.#device = device;
    this.#backend = backend;
    this.#settings = settings;
  }

  /**
   * After a lost answer the same payload is used again, and so the same key: the server then answers with the same factor.
   *
   * @param {string} username
   * @param {string} friendlyName
   */
  async register(username, friendlyName) {
    const unfinished = this.#unfinished;
    const payload = unfinished?.username === username ? unfinished.payload : await this.#payload(username);
    this.#unfinished = { username, payload };
    try {
      const factor = await this.#device.registerFactor(payload, { friendlyName, appId: APP_ID });
      this.#unfinished = null;
      this.#settings.change(factor.sid, { username });
      return factor;
    } catch (error) {
      if (!isPassing(error)) this.#unfinished = null;
      throw error;
    }
  }

  /**
   * @param {string} username
   * @returns {Promise<import("/lib/pushward-device/index.js").RegistrationPayload>}
   */
  async #payload(username) {
    const answer = await this.#backend.accessToken(username);
    return {
      token: answer.token,
      serviceSid: answer.service_sid,
      identity: answer.identity,
      factorType: answer.factor_type,
    };
  }
}

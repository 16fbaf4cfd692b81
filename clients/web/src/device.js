/**
 * A device of Pushward: two sequences, enrol and answer, and what goes with them.
 *
 *     registerFactor -> create a key, POST Factors with the access token, prove possession
 *     listen         -> open a stream, list, get                         } show it to the user
 *     challenges.approve / .deny -> check, sign what was shown, POST, read it again
 */

import { Challenges, answerChallenge } from "./challenges.js";
import { SystemClock } from "./clock.js";
import { base64 } from "./base64.js";
import { derSignature } from "./der.js";
import {
  AnswerFormatError,
  ApiError,
  AuthenticationError,
  FactorNotVerifiedError,
  KeyUnknownError,
  NotFoundError,
  RateLimitedError,
  ServerUnavailableError,
} from "./errors.js";
import { factorFromAnswer, factorStatusFromAnswer } from "./factor.js";
import { Connection } from "./http.js";
import { IndexedDbStore } from "./indexed-db-store.js";
import { keyIdOf } from "./key-pair.js";
import { listening } from "./listen.js";
import { factorPath, factorsPath } from "./paths.js";
import { PendingChallenges } from "./pending.js";
import { ExpectedChallenge, approveExpected } from "./silent.js";
import { BrowserNetwork, PageForeground } from "./surroundings.js";
import { VERSION } from "./version.js";

/** @import { Challenge } from "./challenge.js" */
/** @import { Clock } from "./clock.js" */
/** @import { Factor, RegistrationPayload } from "./factor.js" */
/** @import { Fetch } from "./http.js" */
/** @import { ListenOptions } from "./listen.js" */
/** @import { SilentOptions } from "./silent.js" */
/** @import { Store } from "./store.js" */
/** @import { Foreground, Network } from "./surroundings.js" */

/**
 * @typedef {object} DeviceOptions
 * @property {string} baseUrl The edge's, without `/v2`: https, or http to this machine.
 * @property {Store} [store] Where keys and factors are kept: IndexedDB without it.
 * @property {Fetch} [fetch]
 * @property {Clock} [clock]
 * @property {Foreground} [foreground] Whether the user looks at the page.
 * @property {Network} [network] Whether that has changed.
 */

/**
 * @typedef {object} RegistrationOptions
 * @property {string} friendlyName What the factor is called, as in "Work laptop".
 * @property {string} appId Which app this is.
 * @property {Readonly<Record<string, string>>} [metadata] What the app's backend wants to know of this device.
 */

/** This device, as one edge knows it. All calls reject with the errors of `errors.js`. */
export class PushwardDevice {
  #store;
  #clock;
  #foreground;
  #network;
  #connection;

  /** @param {Required<DeviceOptions>} parts */
  constructor({ baseUrl, store, fetch, clock, foreground, network }) {
    this.#store = store;
    this.#clock = clock;
    this.#foreground = foreground;
    this.#network = network;
    this.#connection = new Connection({ baseUrl, store, clock, fetch });

    /** Reading and answering what is asked. */
    this.challenges = new Challenges(store, this.#connection);

    /** The factors in this device's store; the server isn't asked. */
    this.factors = Object.freeze({
      all: () => store.factors(),
      /** @param {string} factorSid Rejects with FactorUnknownError. */
      get: (factorSid) => store.factor(factorSid),
    });
  }

  /**
   * The device with its store opened. Rejects with BaseUrlError, or with a KeyStoreError if the browser refuses its
   * storage.
   *
   * @param {DeviceOptions} options
   * @returns {Promise<PushwardDevice>}
   */
  static async open({ baseUrl, store, fetch, clock, foreground, network }) {
    const device = new PushwardDevice({
      baseUrl,
      store: store ?? new IndexedDbStore(),
      fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)),
      clock: clock ?? new SystemClock(),
      foreground: foreground ?? new PageForeground(),
      network: network ?? new BrowserNetwork(),
    });
    await device.factors.all();
    return device;
  }

  /** End every call and every listening, and let go of the store. */
  async close() {
    this.#connection.close();
    await this.#store.close?.();
  }

  /**
   * Enrol this device with a key of its own, and prove that it holds it.
   *
   * Not repeated by itself. After a lost answer call it again with the same payload: the key is the same too, so the
   * server answers with the same factor (contract §10).
   *
   * @param {RegistrationPayload} payload
   * @param {RegistrationOptions} options
   * @returns {Promise<Factor>}
   */
  async registerFactor(payload, { friendlyName, appId, metadata }) {
    requireTexts({
      token: payload.token,
      serviceSid: payload.serviceSid,
      identity: payload.identity,
      friendlyName,
      appId,
    });
    if ((payload.factorType ?? "push") !== "push") throw new TypeError("Only factors of type push are a device's.");
    const keyId = await keyIdOf(payload.token);
    // A refusal is no error, and a question to the user no reason to wait.
    this.#store.persist?.().catch(() => {});
    const factor =
      (await this.#store.factors()).find((known) => known.keyId === keyId) ??
      (await this.#createFactor(payload, keyId, { friendlyName, appId, ...(metadata && { metadata }) }));
    return factor.status === "verified" ? factor : this.verifyFactor(factor.sid);
  }

  /**
   * Prove that this device holds the factor's key: a signature over the factor's SID (contract §3.3).
   *
   * @param {string} factorSid
   * @returns {Promise<Factor>}
   */
  async verifyFactor(factorSid) {
    const factor = await this.#store.factor(factorSid);
    const proof = derSignature(await this.#store.sign(factor.keyId, new TextEncoder().encode(factor.sid)));
    const answer = await this.#connection.request("POST", factorPath(factor), factor, {
      form: { AuthPayload: base64(proof) },
    });
    const verified = Object.freeze({ ...factor, status: factorStatusFromAnswer(answer.text) });
    if (verified.status !== "verified") {
      throw new FactorNotVerifiedError(
        "The server didn't accept the proof of possession: delete the factor and enrol again.",
      );
    }
    await this.#store.putFactor(verified);
    return verified;
  }

  /**
   * Change the friendly name.
   *
   * @param {string} factorSid
   * @param {{ friendlyName: string }} changes
   * @returns {Promise<Factor>}
   */
  async updateFactor(factorSid, { friendlyName }) {
    requireTexts({ friendlyName });
    const factor = await this.#store.factor(factorSid);
    const form = { "Config.SdkVersion": VERSION, "Config.AppId": factor.appId, FriendlyName: friendlyName };
    const answer = await this.#connection.request("POST", factorPath(factor), factor, { form });
    const updated = factorFromAnswer(answer.text, factor);
    if (updated.sid !== factor.sid) throw new AnswerFormatError("The answer is about another factor.");
    await this.#store.putFactor(updated);
    return updated;
  }

  /**
   * Delete the factor on the server, then here with its key; one that the server no longer knows, or whose key is lost,
   * only here.
   *
   * @param {string} factorSid
   */
  async deleteFactor(factorSid) {
    const factor = await this.#store.factor(factorSid);
    try {
      await this.#connection.request("DELETE", factorPath(factor), factor);
    } catch (error) {
      if (!isUnknownThere(error) && !(error instanceof KeyUnknownError)) throw error;
    }
    await this.#store.removeFactor(factorSid);
  }

  /**
   * The factor's public key, SPKI DER in base64: what checks its receipts.
   *
   * @param {string} factorSid
   */
  async publicKeySpkiB64(factorSid) {
    return this.#store.publicKeySpkiB64((await this.#store.factor(factorSid)).keyId);
  }

  /**
   * Each pending challenge of the factor, once, as it comes, ready to be shown and answered.
   *
   * Goes on through lost streams and restarts, pauses in the background, and ends with the signal or `return`. Throws
   * FactorDeletedError once the factor is gone.
   *
   * @param {string} factorSid
   * @param {ListenOptions} [options]
   * @returns {AsyncGenerator<Challenge, void, void>}
   */
  listen(factorSid, options) {
    return listening(
      { ...this.#listenParts(factorSid), source: new PendingChallenges(this.challenges, factorSid) },
      options,
    );
  }

  /**
   * Approve the challenge that is expected, without asking: while the page is in the foreground, and no other one.
   *
   * Rejects with a SilentApprovalError that says why not; what is pending then is for the user to decide.
   *
   * @param {string} factorSid
   * @param {SilentOptions} options
   * @returns {Promise<Challenge>}
   */
  async approveSilently(factorSid, options) {
    return approveExpected(
      this.#listenParts(factorSid),
      new ExpectedChallenge(this.challenges, factorSid, options),
      (challenge, mayStillSign) =>
        answerChallenge(this.#store, this.#connection, this.challenges, challenge, "approved", {
          mode: "silent",
          mayStillSign,
        }),
      options,
    );
  }

  /** @param {string} factorSid */
  #listenParts(factorSid) {
    return {
      connection: this.#connection,
      clock: this.#clock,
      foreground: this.#foreground,
      network: this.#network,
      factor: () => this.#store.factor(factorSid),
    };
  }

  /**
   * @param {RegistrationPayload} payload
   * @param {string} keyId
   * @param {RegistrationOptions} options
   */
  async #createFactor(payload, keyId, { friendlyName, appId, metadata }) {
    const path = factorsPath(payload);
    const form = {
      FriendlyName: friendlyName,
      FactorType: "push",
      "Config.SdkVersion": VERSION,
      "Config.AppId": appId,
      "Config.NotificationPlatform": "none",
      ...(metadata && { Metadata: JSON.stringify(metadata) }),
      "Binding.Alg": "ES256",
      "Binding.PublicKey": await this.#store.ensureKey(keyId),
    };
    try {
      const answer = await this.#connection.enrol(path, payload.token, form);
      const { serviceSid, identity } = payload;
      const factor = factorFromAnswer(answer.text, { serviceSid, identity, keyId, appId });
      await this.#store.putFactor(factor);
      return factor;
    } catch (error) {
      if (isFinal(error)) await this.#store.discardKey(keyId);
      throw error;
    }
  }
}

/** Whether it is the server that doesn't know the factor, and no proxy. @param {unknown} error */
function isUnknownThere(error) {
  return (error instanceof NotFoundError || error instanceof AuthenticationError) && error.code !== null;
}

/** Whether another try with the same token is pointless, so that its key is of no more use. @param {unknown} error */
function isFinal(error) {
  if (error instanceof AnswerFormatError) return true;
  const mayPass = error instanceof RateLimitedError || error instanceof ServerUnavailableError;
  return error instanceof ApiError && error.code !== null && !mayPass;
}

/** @param {Record<string, unknown>} texts */
function requireTexts(texts) {
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text !== "string" || text === "") throw new TypeError(`${name} must be a text.`);
  }
}

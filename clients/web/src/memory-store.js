/** A key store that ends with the page. For tests, and where nothing may be kept. */

import { generateKeyPair, signWith } from "./key-pair.js";
import { KEYS_WITHOUT_FACTOR_MAX, unknownFactor, unknownKey } from "./store.js";

/** @import { Factor } from "./factor.js" */
/** @import { KeyPair } from "./key-pair.js" */
/** @import { Store } from "./store.js" */

/** @implements {Store} */
export class MemoryStore {
  /** @type {Map<string, KeyPair>} */
  #keys = new Map();
  /** @type {Map<string, Factor>} */
  #factors = new Map();
  #clockCorrectionSeconds = 0;

  /** @param {string} keyId */
  async ensureKey(keyId) {
    if (!this.#keys.has(keyId)) {
      const pair = await generateKeyPair();
      if (!this.#keys.has(keyId)) this.#addKey(keyId, pair);
    }
    return this.#key(keyId).publicKeySpkiB64;
  }

  /** @param {string} keyId */
  async publicKeySpkiB64(keyId) {
    return this.#key(keyId).publicKeySpkiB64;
  }

  /** @param {string} keyId @param {Uint8Array<ArrayBuffer>} message */
  async sign(keyId, message) {
    return signWith(this.#key(keyId).privateKey, message);
  }

  /** @param {string} keyId */
  async discardKey(keyId) {
    if (!this.#isUsed(keyId)) this.#keys.delete(keyId);
  }

  async factors() {
    return [...this.#factors.values()];
  }

  /** @param {string} factorSid */
  async factor(factorSid) {
    const factor = this.#factors.get(factorSid);
    if (factor === undefined) throw unknownFactor(factorSid);
    return factor;
  }

  /** @param {Factor} factor */
  async putFactor(factor) {
    this.#key(factor.keyId);
    this.#factors.set(factor.sid, Object.freeze({ ...factor }));
  }

  /** @param {string} factorSid */
  async removeFactor(factorSid) {
    const factor = this.#factors.get(factorSid);
    this.#factors.delete(factorSid);
    if (factor !== undefined) await this.discardKey(factor.keyId);
  }

  async clockCorrectionSeconds() {
    return this.#clockCorrectionSeconds;
  }

  /** @param {number} seconds */
  async setClockCorrectionSeconds(seconds) {
    this.#clockCorrectionSeconds = seconds;
  }

  /** @param {string} keyId @param {KeyPair} pair */
  #addKey(keyId, pair) {
    const unused = [...this.#keys.keys()].filter((name) => !this.#isUsed(name));
    const tooMany = Math.max(0, unused.length - KEYS_WITHOUT_FACTOR_MAX + 1);
    unused.slice(0, tooMany).forEach((oldest) => this.#keys.delete(oldest));
    this.#keys.set(keyId, pair);
  }

  /** @param {string} keyId */
  #key(keyId) {
    const pair = this.#keys.get(keyId);
    if (pair === undefined) throw unknownKey();
    return pair;
  }

  /** @param {string} keyId */
  #isUsed(keyId) {
    return [...this.#factors.values()].some((factor) => factor.keyId === keyId);
  }
}

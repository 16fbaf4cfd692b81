/**
 * A key store in IndexedDB: the browser keeps the keys themselves, as objects that no script can take apart.
 *
 * Each change is one transaction, durable when its promise is fulfilled; tabs don't lose each other's changes. Private
 * windows, blocked or full storage end in a KeyStoreAccessError that says what to do. Whatever a person cleared is
 * simply not there: an unknown factor, or an unknown key.
 */

import { Database, done } from "./indexed-db.js";
import { generateKeyPair, signWith } from "./key-pair.js";
import { KEYS_WITHOUT_FACTOR_MAX, unknownFactor, unknownKey } from "./store.js";

/** @import { Factor } from "./factor.js" */
/** @import { KeyPair } from "./key-pair.js" */
/** @import { Store } from "./store.js" */

/** @typedef {KeyPair & { keyId: string }} KeyRecord */

const KEYS = "keys";
const FACTORS = "factors";
const SETTINGS = "settings";
const BY_NAME = "by_name";
const CLOCK_CORRECTION_SECONDS = "clock_correction_seconds";

/** @implements {Store} */
export class IndexedDbStore {
  #database;

  /** @param {{ name?: string }} [options] `name`: the database's; one for each edge that a page talks to. */
  constructor({ name = "pushward-device" } = {}) {
    this.#database = new Database(name, create);
  }

  /** @param {string} keyId */
  async ensureKey(keyId) {
    const present = await this.#findKey(keyId);
    if (present !== undefined) return present.publicKeySpkiB64;
    // Outside any transaction, which would end while the key is made: so another tab may have been faster.
    const pair = await generateKeyPair();
    return this.#change(async (keys, factors) => {
      const faster = await keyRecord(keys, keyId);
      if (faster !== undefined) return faster.publicKeySpkiB64;
      await discardOldestUnused(keys, factors);
      await done(keys.add({ keyId, ...pair }));
      return pair.publicKeySpkiB64;
    });
  }

  /** @param {string} keyId */
  async publicKeySpkiB64(keyId) {
    return (await this.#key(keyId)).publicKeySpkiB64;
  }

  /** @param {string} keyId @param {Uint8Array<ArrayBuffer>} message */
  async sign(keyId, message) {
    return signWith((await this.#key(keyId)).privateKey, message);
  }

  /** @param {string} keyId */
  async discardKey(keyId) {
    await this.#change(discardUnused(keyId));
  }

  /** @returns {Promise<readonly Factor[]>} */
  async factors() {
    /** @type {Factor[]} */
    const records = await this.#database.transact("readonly", [FACTORS], (of) => done(of(FACTORS).getAll()));
    return records.map((factor) => Object.freeze(factor));
  }

  /** @param {string} factorSid @returns {Promise<Factor>} */
  async factor(factorSid) {
    const factor = await this.#database.transact("readonly", [FACTORS], (of) =>
      done(of(FACTORS).index(BY_NAME).get(factorSid)),
    );
    if (factor === undefined) throw unknownFactor(factorSid);
    return Object.freeze(factor);
  }

  /** @param {Factor} factor */
  async putFactor(factor) {
    await this.#change(async (keys, factors) => {
      if ((await keyRecord(keys, factor.keyId)) === undefined) throw unknownKey();
      const place = await done(factors.index(BY_NAME).getKey(factor.sid));
      await done(factors.put({ ...factor }, place));
    });
  }

  /** @param {string} factorSid */
  async removeFactor(factorSid) {
    await this.#change(async (keys, factors) => {
      const place = await done(factors.index(BY_NAME).getKey(factorSid));
      if (place === undefined) return;
      const { keyId } = await done(factors.get(place));
      await done(factors.delete(place));
      await discardUnused(keyId)(keys, factors);
    });
  }

  /** @returns {Promise<number>} */
  async clockCorrectionSeconds() {
    const seconds = await this.#database.transact("readonly", [SETTINGS], (of) =>
      done(of(SETTINGS).get(CLOCK_CORRECTION_SECONDS)),
    );
    return seconds ?? 0;
  }

  /** @param {number} seconds */
  async setClockCorrectionSeconds(seconds) {
    await this.#database.transact("readwrite", [SETTINGS], (of) =>
      done(of(SETTINGS).put(seconds, CLOCK_CORRECTION_SECONDS)),
    );
  }

  /** Ask the browser to keep this origin's storage when room is scarce; it may ask its user, and may refuse. */
  async persist() {
    await globalThis.navigator?.storage?.persist?.();
  }

  async close() {
    await this.#database.close();
  }

  /** @param {string} keyId @returns {Promise<KeyRecord>} */
  async #key(keyId) {
    const record = await this.#findKey(keyId);
    if (record === undefined) throw unknownKey();
    return record;
  }

  /** @param {string} keyId */
  #findKey(keyId) {
    return this.#database.transact("readonly", [KEYS], (of) => keyRecord(of(KEYS), keyId));
  }

  /**
   * @template T
   * @param {(keys: IDBObjectStore, factors: IDBObjectStore) => Promise<T>} work
   */
  #change(work) {
    return this.#database.transact("readwrite", [KEYS, FACTORS], (of) => work(of(KEYS), of(FACTORS)));
  }
}

/** @param {IDBDatabase} database */
function create(database) {
  // Keys out of line, counting up: the order is that of arrival, and a record that is replaced keeps its place.
  for (const [name, path] of [
    [KEYS, "keyId"],
    [FACTORS, "sid"],
  ]) {
    const store = database.createObjectStore(/** @type {string} */ (name), { autoIncrement: true });
    store.createIndex(BY_NAME, /** @type {string} */ (path), { unique: true });
  }
  database.createObjectStore(SETTINGS);
}

/** @param {IDBObjectStore} keys @param {string} keyId @returns {Promise<KeyRecord | undefined>} */
function keyRecord(keys, keyId) {
  return done(keys.index(BY_NAME).get(keyId));
}

/** @param {string} keyId */
function discardUnused(keyId) {
  return async (/** @type {IDBObjectStore} */ keys, /** @type {IDBObjectStore} */ factors) => {
    if ((await usedKeyIds(factors)).has(keyId)) return;
    const place = await done(keys.index(BY_NAME).getKey(keyId));
    if (place !== undefined) await done(keys.delete(place));
  };
}

/** @param {IDBObjectStore} keys @param {IDBObjectStore} factors */
async function discardOldestUnused(keys, factors) {
  const used = await usedKeyIds(factors);
  const places = await done(keys.getAllKeys());
  /** @type {KeyRecord[]} */
  const records = await done(keys.getAll());
  const unused = places.filter((_, index) => !used.has(/** @type {KeyRecord} */ (records[index]).keyId));
  const tooMany = Math.max(0, unused.length - KEYS_WITHOUT_FACTOR_MAX + 1);
  for (const oldest of unused.slice(0, tooMany)) await done(keys.delete(oldest));
}

/** @param {IDBObjectStore} factors @returns {Promise<Set<string>>} */
async function usedKeyIds(factors) {
  /** @type {Factor[]} */
  const records = await done(factors.getAll());
  return new Set(records.map((factor) => factor.keyId));
}

/**
 * A key store in IndexedDB: the browser keeps the keys themselves, as objects that no script can take apart.
 *
 * Each change is one transaction, durable when its promise is fulfilled; tabs don't lose each other's changes. Private
 * windows, blocked or full storage end in a KeyStoreAccessError that says what to do. Whatever a person cleared is simply
 * not there: an unknown factor, or an unknown key.
 */

import { KeyStoreAccessError, KeyStoreDamagedError, KeyStoreError } from "./errors.js";
import { generateKeyPair, signWith } from "./key-pair.js";
import { KEYS_WITHOUT_FACTOR_MAX, unknownFactor, unknownKey } from "./store.js";

/** @import { Factor } from "./factor.js" */
/** @import { KeyPair } from "./key-pair.js" */
/** @import { Store } from "./store.js" */

/** @typedef {KeyPair & { keyId: string }} KeyRecord */
/** @typedef {<T>(request: IDBRequest<T>) => Promise<T>} Asked */

const VERSION = 1;
const KEYS = "keys";
const FACTORS = "factors";
const SETTINGS = "settings";
const BY_NAME = "by_name";
const CLOCK_CORRECTION_SECONDS = "clock_correction_seconds";

/** @implements {Store} */
export class IndexedDbStore {
  #name;
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;

  /** @param {{ name?: string }} [options] `name`: the database's; one for each edge that a page talks to. */
  constructor({ name = "pushward-device" } = {}) {
    this.#name = name;
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
    const records = await this.#transact("readonly", [FACTORS], (of) => done(of(FACTORS).getAll()));
    return records.map((factor) => Object.freeze(factor));
  }

  /** @param {string} factorSid @returns {Promise<Factor>} */
  async factor(factorSid) {
    const factor = await this.#transact("readonly", [FACTORS], (of) => done(of(FACTORS).index(BY_NAME).get(factorSid)));
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
    const seconds = await this.#transact("readonly", [SETTINGS], (of) => done(of(SETTINGS).get(CLOCK_CORRECTION_SECONDS)));
    return seconds ?? 0;
  }

  /** @param {number} seconds */
  async setClockCorrectionSeconds(seconds) {
    await this.#transact("readwrite", [SETTINGS], (of) => done(of(SETTINGS).put(seconds, CLOCK_CORRECTION_SECONDS)));
  }

  /** Ask the browser to keep this origin's storage when room is scarce; it may ask its user, and may refuse. */
  async persist() {
    await globalThis.navigator?.storage?.persist?.();
  }

  async close() {
    const opening = this.#opening;
    this.#opening = null;
    (await opening)?.close();
  }

  /** @param {string} keyId @returns {Promise<KeyRecord>} */
  async #key(keyId) {
    const record = await this.#findKey(keyId);
    if (record === undefined) throw unknownKey();
    return record;
  }

  /** @param {string} keyId */
  #findKey(keyId) {
    return this.#transact("readonly", [KEYS], (of) => keyRecord(of(KEYS), keyId));
  }

  /**
   * @template T
   * @param {(keys: IDBObjectStore, factors: IDBObjectStore) => Promise<T>} work
   */
  #change(work) {
    return this.#transact("readwrite", [KEYS, FACTORS], (of) => work(of(KEYS), of(FACTORS)));
  }

  /**
   * Do `work` in one transaction: all of it is kept, or nothing.
   *
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {string[]} names
   * @param {(of: (name: string) => IDBObjectStore) => Promise<T>} work Awaits nothing but the transaction's requests.
   * @returns {Promise<T>}
   */
  async #transact(mode, names, work) {
    try {
      const database = await this.#database();
      const transaction = database.transaction(names, mode, { durability: mode === "readwrite" ? "strict" : "default" });
      const ended = end(transaction);
      // Whoever fails first speaks; the other's failure is the same one again.
      ended.catch(() => {});
      try {
        const result = await work((name) => transaction.objectStore(name));
        await ended;
        return result;
      } catch (error) {
        abort(transaction);
        throw error;
      }
    } catch (error) {
      throw explained(error);
    }
  }

  #database() {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open() {
    try {
      const database = await open(this.#name);
      // Another tab wants a newer version, or to delete it all: don't stand in the way, and open anew when asked again.
      database.onversionchange = () => {
        database.close();
        this.#opening = null;
      };
      database.onclose = () => {
        this.#opening = null;
      };
      return database;
    } catch (error) {
      this.#opening = null;
      throw error;
    }
  }
}

/** @param {string} name @returns {Promise<IDBDatabase>} */
function open(name) {
  return new Promise((resolve, reject) => {
    const request = globalThis.indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => create(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new KeyStoreAccessError("Another tab holds an older key store: close the other tabs."));
  });
}

/** @param {IDBDatabase} database */
function create(database) {
  // Keys out of line, counting up: the order is that of arrival, and a record that is replaced keeps its place.
  for (const [name, path] of [[KEYS, "keyId"], [FACTORS, "sid"]]) {
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

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function end(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
  });
}

/** @param {IDBTransaction} transaction */
function abort(transaction) {
  try {
    transaction.abort();
  } catch {
    // It has ended already: then there is nothing to undo.
  }
}

/** @param {unknown} error @returns {unknown} */
function explained(error) {
  if (error instanceof KeyStoreError) return error;
  const name = error instanceof Error ? error.name : "unknown";
  if (name === "VersionError" || name === "NotFoundError") {
    return new KeyStoreDamagedError(
      "The browser's storage holds no key store of this version: reload the page, or delete its site data and enrol again.",
      { cause: error },
    );
  }
  if (name === "QuotaExceededError") {
    return new KeyStoreAccessError("The browser's storage is full: free some room, and try again.", { cause: error });
  }
  return new KeyStoreAccessError(
    `The browser refuses its storage (${name}): leave the private window, or allow site data for this page, and try again.`,
    { cause: error },
  );
}

/**
 * One database of the browser's, opened when it is needed and again when it was closed under us; and requests and
 * transactions as promises.
 */

import { KeyStoreAccessError, KeyStoreDamagedError, KeyStoreError } from "./errors.js";

const VERSION = 1;

export class Database {
  #name;
  #create;
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;

  /** @param {string} name @param {(database: IDBDatabase) => void} create Makes the object stores of a new one. */
  constructor(name, create) {
    this.#name = name;
    this.#create = create;
  }

  /** Let go of it; the next transaction opens it again. */
  async close() {
    const opening = this.#opening;
    this.#opening = null;
    (await opening)?.close();
  }

  /**
   * Do `work` in one transaction: all of it is kept, or nothing. Rejects with a KeyStoreError that says why not.
   *
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {string[]} names
   * @param {(of: (name: string) => IDBObjectStore) => Promise<T>} work Awaits nothing but the transaction's requests.
   * @returns {Promise<T>}
   */
  async transact(mode, names, work) {
    try {
      const transaction = await this.#begin(mode, names);
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

  /** @param {IDBTransactionMode} mode @param {string[]} names */
  async #begin(mode, names) {
    /** @type {IDBTransactionOptions} */
    const options = { durability: mode === "readwrite" ? "strict" : "default" };
    const database = await this.#database();
    try {
      return database.transaction(names, mode, options);
    } catch (error) {
      // Some browsers close it without a word when the page was in the background for long.
      if (!(error instanceof DOMException) || error.name !== "InvalidStateError") throw error;
      this.#opening = null;
      return (await this.#database()).transaction(names, mode, options);
    }
  }

  #database() {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open() {
    try {
      const database = await open(this.#name, this.#create);
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

/**
 * What a request comes to.
 *
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
export function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {string} name @param {(database: IDBDatabase) => void} create @returns {Promise<IDBDatabase>} */
function open(name, create) {
  return new Promise((resolve, reject) => {
    const request = globalThis.indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => create(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () =>
      reject(new KeyStoreAccessError("Another tab holds an older key store: close the other tabs."));
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
      "The browser's storage holds no key store of this version: reload the page, or clear its site data and enrol.",
      { cause: error },
    );
  }
  if (name === "QuotaExceededError") {
    return new KeyStoreAccessError("The browser's storage is full: free some room, and try again.", { cause: error });
  }
  return new KeyStoreAccessError(
    `The browser refuses its storage (${name}): leave the private window, or allow site data, and try again.`,
    { cause: error },
  );
}

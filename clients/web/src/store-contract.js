/**
 * What every Store must do, as tests that run anywhere: under Node, and in a page.
 *
 *     for (const { name, check } of STORE_CONTRACT) test(name, () => check(() => new MyStore()));
 *
 * `check` gets a function that gives an empty store of its own each time, and rejects with the first thing that is
 * wrong.
 */

import { KEYS_WITHOUT_FACTOR_MAX } from "./store.js";
import { FactorUnknownError, KeyUnknownError } from "./errors.js";
import { SIGNATURE_BYTES } from "./der.js";
import { SIGNATURE_ALGORITHM, publicKeyFromSpki } from "./jose.js";

/** @import { Factor } from "./factor.js" */
/** @import { Store } from "./store.js" */

/** @typedef {{ name: string, check: (emptyStore: () => Store | Promise<Store>) => Promise<void> }} StoreCheck */

const MESSAGE = new TextEncoder().encode("message");

/** @type {readonly StoreCheck[]} */
export const STORE_CONTRACT = Object.freeze([
  {
    name: "starts with nothing",
    check: async (emptyStore) => {
      const store = await emptyStore();
      equal(await store.factors(), []);
      equal(await store.clockCorrectionSeconds(), 0);
      await rejects(store.factor("YF1"), FactorUnknownError);
    },
  },
  {
    name: "makes a key once, and signs with it",
    check: async (emptyStore) => {
      const store = await emptyStore();
      const spki = await store.ensureKey("k");
      equal([await store.ensureKey("k"), await store.publicKeySpkiB64("k")], [spki, spki]);
      const signature = await store.sign("k", MESSAGE);
      equal(signature.length, SIGNATURE_BYTES);
      await verifies(spki, signature, true);
      await verifies(await store.ensureKey("other"), signature, false);
    },
  },
  {
    name: "makes one key for two that ask at once",
    check: async (emptyStore) => {
      const store = await emptyStore();
      const [first, second] = await Promise.all([store.ensureKey("k"), store.ensureKey("k")]);
      equal(first, second);
      await verifies(first, await store.sign("k", MESSAGE), true);
    },
  },
  {
    name: "says that a key is unknown",
    check: async (emptyStore) => {
      const store = await emptyStore();
      await rejects(store.sign("k", MESSAGE), KeyUnknownError);
      await rejects(store.publicKeySpkiB64("k"), KeyUnknownError);
      await rejects(store.putFactor(factorOf("YF1", "k")), KeyUnknownError);
      equal(await store.factors(), []);
    },
  },
  {
    name: "keeps factors in their order, and replaces one in its place",
    check: async (emptyStore) => {
      const store = await emptyStore();
      const factors = [factorOf("YF2", "a"), factorOf("YF1", "b"), factorOf("YF3", "a")];
      for (const factor of factors) {
        await store.ensureKey(factor.keyId);
        await store.putFactor(factor);
      }
      const renamed = { ...factorOf("YF2", "a"), friendlyName: "Other" };
      await store.putFactor(renamed);
      equal(await store.factors(), [renamed, ...factors.slice(1)]);
      equal(await store.factor("YF2"), renamed);
    },
  },
  {
    name: "gives out factors that nobody can change",
    check: async (emptyStore) => {
      const store = await emptyStore();
      await store.ensureKey("k");
      await store.putFactor(factorOf("YF1", "k"));
      for (const factor of [await store.factor("YF1"), ...(await store.factors())])
        equal(Object.isFrozen(factor), true);
    },
  },
  {
    name: "removes a factor with its key, but not with one that another factor uses",
    check: async (emptyStore) => {
      const store = await emptyStore();
      await store.ensureKey("k");
      for (const sid of ["YF1", "YF2"]) await store.putFactor(factorOf(sid, "k"));
      await store.removeFactor("YF1");
      await rejects(store.factor("YF1"), FactorUnknownError);
      await store.publicKeySpkiB64("k");
      await store.removeFactor("YF2");
      await rejects(store.publicKeySpkiB64("k"), KeyUnknownError);
      await store.removeFactor("YF2");
    },
  },
  {
    name: "discards a key that no factor uses, and no other",
    check: async (emptyStore) => {
      const store = await emptyStore();
      for (const keyId of ["used", "unused"]) await store.ensureKey(keyId);
      await store.putFactor(factorOf("YF1", "used"));
      for (const keyId of ["used", "unused", "unknown"]) await store.discardKey(keyId);
      await store.publicKeySpkiB64("used");
      await rejects(store.publicKeySpkiB64("unused"), KeyUnknownError);
    },
  },
  {
    name: "keeps some keys without a factor, the newest",
    check: async (emptyStore) => {
      const store = await emptyStore();
      await store.ensureKey("used");
      await store.putFactor(factorOf("YF1", "used"));
      const keyIds = Array.from({ length: KEYS_WITHOUT_FACTOR_MAX + 2 }, (_, number) => `unused ${number}`);
      for (const keyId of keyIds) await store.ensureKey(keyId);
      for (const keyId of keyIds.slice(0, 2)) await rejects(store.publicKeySpkiB64(keyId), KeyUnknownError);
      for (const keyId of ["used", ...keyIds.slice(2)]) await store.publicKeySpkiB64(keyId);
    },
  },
  {
    name: "remembers how far the clock is off",
    check: async (emptyStore) => {
      const store = await emptyStore();
      await store.setClockCorrectionSeconds(3600);
      await store.setClockCorrectionSeconds(-7);
      equal(await store.clockCorrectionSeconds(), -7);
    },
  },
  {
    name: "goes on after it was closed",
    check: async (emptyStore) => {
      const store = await emptyStore();
      await store.close?.();
      await store.close?.();
      await store.ensureKey("k");
    },
  },
]);

/** @param {string} sid @param {string} keyId @returns {Factor} */
function factorOf(sid, keyId) {
  return {
    sid,
    accountSid: "AC1",
    serviceSid: "VA1",
    identity: "0b9a7c52-user",
    friendlyName: "Browser",
    status: "verified",
    credentialSid: `CR${sid}`,
    keyId,
    appId: "com.example.app",
    dateCreated: "2027-01-15T08:00:00Z",
  };
}

/** @param {unknown} actual @param {unknown} expected */
function equal(actual, expected) {
  const [have, want] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (have !== want) throw new Error(`${have} isn't ${want}`);
}

/** @param {Promise<unknown>} promise @param {new (...given: never[]) => Error} kind */
async function rejects(promise, kind) {
  const error = await promise.then(
    () => null,
    (reason) => reason,
  );
  if (!(error instanceof kind)) throw new Error(`${error} isn't a ${kind.name}`, { cause: error });
}

/** @param {string} spki @param {Uint8Array} signature @param {boolean} expected */
async function verifies(spki, signature, expected) {
  const key = await publicKeyFromSpki(spki);
  equal(await crypto.subtle.verify(SIGNATURE_ALGORITHM, key, new Uint8Array(signature), MESSAGE), expected);
}

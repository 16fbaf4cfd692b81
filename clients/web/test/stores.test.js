// Both stores, by the one contract. IndexedDB is a faithful one in memory here; the pages' tests use a browser's.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, test } from "node:test";

import { IDBFactory, IDBObjectStore } from "fake-indexeddb";

import {
  FactorUnknownError,
  IndexedDbStore,
  KeyStoreAccessError,
  KeyStoreDamagedError,
  KeyUnknownError,
  MemoryStore,
  PushwardDevice,
} from "../src/index.js";
import { STORE_CONTRACT } from "../src/store-contract.js";
import { NAMES, enrolled } from "./support/enrolled.js";
import { BASE_URL } from "./support/fake-edge.js";

const REAL_CRYPTO = Object.getOwnPropertyDescriptor(globalThis, "crypto");

globalThis.indexedDB = new IDBFactory();
afterEach(() => {
  globalThis.indexedDB = new IDBFactory();
  Object.defineProperty(globalThis, "crypto", REAL_CRYPTO);
});

for (const [kind, empty] of Object.entries({
  MemoryStore: () => new MemoryStore(),
  IndexedDbStore: () => new IndexedDbStore({ name: randomUUID() }),
})) {
  for (const { name, check } of STORE_CONTRACT) test(`${kind} ${name}`, () => check(empty));
}

test("everything is there for the next page that opens it", async (t) => {
  const { device, factor, edge, clock } = await enrolled(t, { store: new IndexedDbStore() });
  await device.close();
  const later = await PushwardDevice.open({ baseUrl: BASE_URL, fetch: edge.fetch, clock });
  assert.deepEqual(await later.factors.all(), [factor]);
  const sid = edge.ask(factor.sid);
  assert.equal((await later.challenges.approve(await later.challenges.get(factor.sid, sid))).status, "approved");
  await later.close();
});

test("the private key that is stored can't be exported", async (t) => {
  const { factor } = await enrolled(t, { store: new IndexedDbStore() });
  const [record] = await stored("keys");
  assert.deepEqual(
    [record.keyId, record.privateKey.extractable, record.privateKey.usages],
    [factor.keyId, false, ["sign"]],
  );
  for (const format of ["jwk", "pkcs8"]) await assert.rejects(crypto.subtle.exportKey(format, record.privateKey));
});

test("two tabs that ask for the same key get the same one", async () => {
  const [one, other] = [new IndexedDbStore(), new IndexedDbStore()];
  const [first, second] = await Promise.all([one.ensureKey("k"), other.ensureKey("k")]);
  assert.equal(first, second);
  assert.equal((await stored("keys")).length, 1);
});

test("what was cleared is unknown, and says: enrol", async (t) => {
  const { store, factor } = await enrolled(t, { store: new IndexedDbStore() });
  await deleteDatabase();
  await assert.rejects(
    store.factor(factor.sid),
    (error) => error instanceof FactorUnknownError && /enrol/.test(error.message),
  );
  assert.deepEqual(await store.factors(), []);
});

test("a key that is lost while its factor is kept says: enrol again", async (t) => {
  const { edge, clock, device, store, factor } = await enrolled(t, { store: new IndexedDbStore() });
  clock.pass(600);
  await change("keys", (keys) => keys.clear());
  const lost = (error) => error instanceof KeyUnknownError && /enrol again/.test(error.message);
  await assert.rejects(device.verifyFactor(factor.sid), lost);
  await assert.rejects(store.publicKeySpkiB64(factor.keyId), lost);
  assert.deepEqual(await store.factors(), [factor]);
  await device.deleteFactor(factor.sid);
  assert.deepEqual(await store.factors(), []);
  assert.equal((await device.registerFactor(edge.issue(), NAMES)).status, "verified");
});

for (const [name, refuse] of Object.entries({
  "no IndexedDB at all": () => (globalThis.indexedDB = undefined),
  "access to it is refused": () =>
    Object.defineProperty(globalThis, "indexedDB", {
      configurable: true,
      get: () => {
        throw new DOMException("The operation is insecure.", "SecurityError");
      },
    }),
  "opening fails": () => (globalThis.indexedDB = { open: () => failing("UnknownError") }),
  "opening is refused, as in a private window": () =>
    (globalThis.indexedDB = {
      open: () => {
        throw new DOMException("A mutation operation was attempted.", "InvalidStateError");
      },
    }),
})) {
  test(`a browser that refuses storage is told at once what to do: ${name}`, async () => {
    refuse();
    try {
      await assert.rejects(PushwardDevice.open({ baseUrl: BASE_URL }), (error) => {
        assert.ok(error instanceof KeyStoreAccessError);
        assert.match(error.message, /private window|site data/);
        return true;
      });
    } finally {
      Object.defineProperty(globalThis, "indexedDB", { configurable: true, writable: true, value: new IDBFactory() });
    }
    assert.deepEqual(await new IndexedDbStore().factors(), []);
  });
}

test("a store that failed to open opens when that has become possible", async () => {
  const store = new IndexedDbStore();
  const real = globalThis.indexedDB;
  globalThis.indexedDB = { open: () => failing("UnknownError") };
  await assert.rejects(store.factors(), KeyStoreAccessError);
  globalThis.indexedDB = real;
  assert.deepEqual(await store.factors(), []);
});

test("a database that was closed under it is opened again", async (t) => {
  const opened = [];
  const { open } = IDBFactory.prototype;
  t.mock.method(IDBFactory.prototype, "open", function (...given) {
    const request = open.apply(this, given);
    request.addEventListener("success", () => opened.push(request.result));
    return request;
  });
  const store = new IndexedDbStore();
  await store.ensureKey("k");
  opened[0].close();
  await store.publicKeySpkiB64("k");
  assert.equal(opened.length, 2);
});

test("a full storage is said, and nothing is half kept", async (t) => {
  const { edge, device, store } = await enrolled(t, { store: new IndexedDbStore() });
  const before = (await stored("keys")).length;
  const { add } = IDBObjectStore.prototype;
  t.mock.method(IDBObjectStore.prototype, "add", function (value) {
    add.call(this, value);
    throw new DOMException("full", "QuotaExceededError");
  });
  await assert.rejects(device.registerFactor(edge.issue(), NAMES), (error) => {
    assert.ok(error instanceof KeyStoreAccessError);
    assert.match(error.message, /full/);
    return true;
  });
  t.mock.restoreAll();
  assert.equal((await stored("keys")).length, before);
  assert.equal((await store.factors()).length, 1);
});

test("a store of a newer version isn't touched", async () => {
  (await open(7)).close();
  await assert.rejects(new IndexedDbStore().factors(), KeyStoreDamagedError);
});

test("a database that isn't a key store is told apart", async () => {
  (await open(1)).close();
  await assert.rejects(new IndexedDbStore().factors(), KeyStoreDamagedError);
});

test("a page without https has no cryptography, and says so", async () => {
  Object.defineProperty(globalThis, "crypto", { configurable: true, value: {} });
  for (const store of [new MemoryStore(), new IndexedDbStore()]) {
    await assert.rejects(
      store.ensureKey("k"),
      (error) => error instanceof KeyStoreAccessError && /https/.test(error.message),
    );
  }
});

test("the browser's word on keeping the storage is asked for, where there is one", async (t) => {
  let asked = 0;
  await new IndexedDbStore().persist();
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  t.after(() => (before ? Object.defineProperty(globalThis, "navigator", before) : delete globalThis.navigator));
  const storage = { persist: async () => ++asked > 0 };
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { storage } });
  await new IndexedDbStore().persist();
  assert.equal(asked, 1);
});

function failing(name) {
  const request = { error: new DOMException("no", name) };
  queueMicrotask(() => request.onerror());
  return request;
}

function requested(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

const open = (version) => requested(indexedDB.open("pushward-device", version));
const database = () => open(undefined);
const deleteDatabase = () => requested(indexedDB.deleteDatabase("pushward-device"));

async function stored(name) {
  return change(name, (store) => store.getAll());
}

async function change(name, work) {
  const db = await database();
  const result = await requested(work(db.transaction(name, "readwrite").objectStore(name)));
  db.close();
  return result;
}

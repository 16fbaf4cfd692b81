import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import {
  AnswerFormatError,
  AuthenticationError,
  FactorNotVerifiedError,
  KeyUnknownError,
  MemoryStore,
  NetworkError,
  PermissionDeniedError,
  PushwardDevice,
  ServerUnavailableError,
  VERSION,
} from "../src/index.js";
import { NAMES, enrolled, opened } from "./support/enrolled.js";
import { BASE_URL, envelope, newSid } from "./support/fake-edge.js";

const FACTORS = /\/Factors$/;
const FACTOR = /\/Factors\/YF/;

test("registering makes a verified factor that the store keeps", async (t) => {
  const { edge, device } = await opened(t);
  const payload = edge.issue();
  const factor = await device.registerFactor(payload, { ...NAMES, metadata: { os: "any" } });
  const [there] = edge.factors.values();
  assert.deepEqual(
    [factor.sid, factor.status, factor.friendlyName, factor.appId, there.status, there.metadata],
    [there.sid, "verified", "Test browser", "com.example.app", "verified", '{"os":"any"}'],
  );
  assert.ok(Object.isFrozen(factor));
  assert.deepEqual(await device.factors.all(), [factor]);
  assert.deepEqual(await device.factors.get(factor.sid), factor);
  assert.equal(await device.publicKeySpkiB64(factor.sid), there.publicKeyB64);
});

test("the enrolment carries the access token, and what comes after it a JWT", async (t) => {
  const { edge, device } = await opened(t);
  const payload = edge.issue();
  await device.registerFactor(payload, NAMES);
  assert.deepEqual(
    edge.requests.map((request) => request.token === payload.token),
    [true, false],
  );
  assert.equal(edge.requests[0].form["Config.SdkVersion"], VERSION);
});

test("the key exists before the enrolment, and is named by the access token's SHA-256", async (t) => {
  const { edge, store, device } = await opened(t);
  const payload = edge.issue();
  edge.putInTheWay("POST", FACTORS, () => Promise.reject(new TypeError("fetch failed")));
  await assert.rejects(device.registerFactor(payload, NAMES), NetworkError);
  const keyId = createHash("sha256").update(payload.token).digest("hex");
  assert.equal(await store.publicKeySpkiB64(keyId), edge.requests[0].form["Binding.PublicKey"]);
});

test("a lost answer to an enrolment costs nothing: the same payload makes the same factor", async (t) => {
  const { edge, device } = await opened(t);
  const payload = edge.issue();
  edge.loseAnswer("POST", FACTORS);
  await assert.rejects(device.registerFactor(payload, NAMES), NetworkError);
  assert.equal(edge.count("POST", FACTORS), 1, "an enrolment is never repeated by itself");
  const factor = await device.registerFactor(payload, NAMES);
  assert.deepEqual([...edge.factors.keys()], [factor.sid]);
});

test("a lost answer to the proof is made good without the access token", async (t) => {
  const { edge, device } = await opened(t);
  const payload = edge.issue();
  edge.loseAnswer("POST", FACTOR);
  await assert.rejects(device.registerFactor(payload, NAMES), NetworkError);
  const [kept] = await device.factors.all();
  assert.equal(kept.status, "unverified");
  const factor = await device.registerFactor(payload, NAMES);
  assert.deepEqual([factor.sid, factor.status, edge.count("POST", FACTORS)], [kept.sid, "verified", 1]);
});

test("registering twice with one token answers with the factor that is there", async (t) => {
  const { edge, device } = await opened(t);
  const payload = edge.issue();
  const factor = await device.registerFactor(payload, NAMES);
  assert.deepEqual(await device.registerFactor(payload, NAMES), factor);
  assert.equal(edge.requests.length, 2);
});

test("a refused enrolment isn't repeated, whatever time the server says, and leaves no key", async (t) => {
  const { edge, store, device } = await opened(t);
  const payload = { ...edge.issue(), token: "unknown" };
  await assert.rejects(device.registerFactor(payload, NAMES), AuthenticationError);
  assert.equal(edge.requests.length, 1);
  const keyId = createHash("sha256").update(payload.token).digest("hex");
  await assert.rejects(store.publicKeySpkiB64(keyId), KeyUnknownError);
});

test("a server that is away keeps the key for the next try", async (t) => {
  const { edge, device } = await opened(t);
  const payload = edge.issue();
  edge.putInTheWay("POST", FACTORS, () => envelope(503, 20503, "Later"));
  await assert.rejects(device.registerFactor(payload, NAMES), ServerUnavailableError);
  await device.registerFactor(payload, NAMES);
  assert.equal(new Set(edge.requests.slice(0, 2).map((request) => request.form["Binding.PublicKey"])).size, 1);
});

test("an answer without a credential SID stores nothing", async (t) => {
  const { edge, device } = await opened(t);
  edge.alterAnswer = (answer) => delete answer.config.credential_sid;
  await assert.rejects(device.registerFactor(edge.issue(), NAMES), AnswerFormatError);
  assert.deepEqual(await device.factors.all(), []);
});

test("a proof by another key is refused", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  edge.factors.get(factor.sid).publicKeyB64 = (await enrolled(t)).edge.factors.values().next().value.publicKeyB64;
  await assert.rejects(device.verifyFactor(factor.sid), AuthenticationError);
  edge.putInTheWay("POST", FACTOR, () => envelope(403, 60311, "No"));
  await assert.rejects(device.verifyFactor(factor.sid), PermissionDeniedError);
});

test("a factor that stays unverified is an error that says what to do", async (t) => {
  const { edge, device } = await opened(t);
  edge.alterAnswer = (answer) => (answer.status = "unverified");
  await assert.rejects(device.registerFactor(edge.issue(), NAMES), (error) => {
    assert.ok(error instanceof FactorNotVerifiedError);
    assert.match(error.message, /enrol again/);
    return true;
  });
});

test("what isn't a text, or another factor type, is refused before a key is made", async (t) => {
  const { edge, device } = await opened(t);
  const payload = edge.issue();
  for (const [wrong, names] of [
    [{ ...payload, identity: undefined }, NAMES],
    [{ ...payload, token: "" }, NAMES],
    [{ ...payload, factorType: "totp" }, NAMES],
    [payload, { friendlyName: "x" }],
  ]) {
    await assert.rejects(device.registerFactor(wrong, names), TypeError);
  }
  assert.equal(edge.requests.length, 0);
});

test("an identity that would climb up the path is refused, another is one segment", async (t) => {
  const { edge, device } = await opened(t);
  await assert.rejects(device.registerFactor({ ...edge.issue(), identity: ".." }, NAMES), TypeError);
  await assert.rejects(device.registerFactor({ ...edge.issue(), identity: "../x?y#z" }, NAMES), { code: 20404 });
  assert.match(edge.requests[0].path, /\/Entities\/..%2Fx%3Fy%23z\/Factors$/);
});

test("a SID that isn't a factor's is never signed: it could be an approval that the server made up", async (t) => {
  class SigningStore extends MemoryStore {
    signed = 0;
    sign(keyId, message) {
      this.signed++;
      return super.sign(keyId, message);
    }
  }
  const { edge, device, store } = await opened(t, { store: new SigningStore() });
  const parts = [
    { typ: "JWT", alg: "ES256" },
    { sid: newSid("YC"), status: "approved", details: { message: "Pay?" } },
  ];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  for (const sid of [input, "../a?b"]) {
    edge.alterAnswer = (answer) => (answer.sid = sid);
    await assert.rejects(device.registerFactor(edge.issue(), NAMES), AnswerFormatError);
  }
  assert.deepEqual([store.signed, edge.requests.length, await device.factors.all()], [0, 2, []]);
});

test("whatever SID is asked for, it is one segment of the path", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  await assert.rejects(device.challenges.get(factor.sid, "../a?b"), { code: 60391 });
  assert.match(edge.requests.at(-1).url, /\/Challenges\/..%2Fa%3Fb$/);
});

test("the browser is asked to keep the store; that it refuses or never answers is no error", async (t) => {
  for (const answer of [() => Promise.reject(new Error("no")), () => new Promise(() => {})]) {
    class AskingStore extends MemoryStore {
      asked = 0;
      persist() {
        this.asked++;
        return answer();
      }
    }
    const { device, edge, store } = await opened(t, { store: new AskingStore() });
    await device.registerFactor(edge.issue(), NAMES);
    assert.equal(store.asked, 1);
  }
});

test("a store that can't be read is told at once", async () => {
  const store = new MemoryStore();
  store.factors = () => Promise.reject(new KeyUnknownError("refused"));
  await assert.rejects(PushwardDevice.open({ baseUrl: BASE_URL, store }), KeyUnknownError);
});

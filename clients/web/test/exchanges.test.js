import assert from "node:assert/strict";
import { test } from "node:test";

import {
  AnswerFormatError,
  ApiError,
  AuthenticationError,
  KeyUnknownError,
  NetworkError,
  NotFoundError,
  RateLimitedError,
  ServerUnavailableError,
} from "../src/index.js";
import { ANSWER_BYTES_MAX } from "../src/body.js";
import { EXCHANGE_SECONDS_MAX } from "../src/http.js";
import { NAMES, enrolled, opened } from "./support/enrolled.js";
import { LIST_PATH, envelope } from "./support/fake-edge.js";

const FACTOR = /\/Factors\/YF/;

for (const hours of [1, -1]) {
  test(`a clock ${hours} h off costs one refusal, and that is remembered`, async (t) => {
    const { edge, clock, store, device } = await opened(t);
    clock.offBySeconds = hours * 3600;
    const factor = await device.registerFactor(edge.issue(), NAMES);
    assert.equal(edge.requests.length, 3, "enrol, refused proof, proof");
    assert.equal(await store.clockCorrectionSeconds(), hours * -3600);
    await device.challenges.list(factor.sid);
    assert.equal(edge.requests.length, 4);
    assert.equal(edge.requests[2].token, edge.requests[3].token);
  });
}

test("what another tab has learnt of the clock is used at once", async (t) => {
  const { edge, store, device, factor } = await enrolled(t);
  await device.challenges.list(factor.sid);
  const { token } = edge.requests.at(-1);
  await store.setClockCorrectionSeconds(-20);
  await device.challenges.list(factor.sid);
  assert.notEqual(edge.requests.at(-1).token, token);
});

test("a second 401 is the caller's", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  edge.factors.clear();
  const before = edge.requests.length;
  await assert.rejects(device.challenges.list(factor.sid), (error) => {
    assert.ok(error instanceof AuthenticationError);
    assert.deepEqual([error.status, error.code, error.serverMessage], [401, 20003, "Authentication failed"]);
    assert.match(error.message, /enrol with a new access token/);
    return true;
  });
  assert.equal(edge.requests.length, before + 2);
});

test("a 401 without a usable date isn't tried again", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  for (const headers of [{}, { Date: "yesterday" }]) {
    const before = edge.requests.length;
    edge.putInTheWay("GET", LIST_PATH, () => envelope(401, 20003, "No", headers));
    await assert.rejects(device.challenges.list(factor.sid), AuthenticationError);
    assert.equal(edge.requests.length, before + 1);
  }
});

test("a JWT is used again until a minute before its end, and not after the clock was turned back", async (t) => {
  const { edge, clock, device, factor } = await enrolled(t);
  const tokenAfter = async (seconds) => {
    clock.pass(seconds);
    await device.challenges.list(factor.sid);
    return edge.requests.at(-1).token;
  };
  const first = await tokenAfter(0);
  assert.equal(await tokenAfter(539), first);
  const second = await tokenAfter(1);
  assert.notEqual(second, first);
  assert.notEqual(await tokenAfter(-5), second);
});

test("a refusal arrives with status, code, message and the wait that was asked for", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const refusals = [
    [400, ApiError],
    [404, NotFoundError],
    [429, RateLimitedError],
    [500, ServerUnavailableError],
    [503, ServerUnavailableError],
  ];
  for (const [status, kind] of refusals) {
    edge.putInTheWay("GET", LIST_PATH, () => envelope(status, 20429, "In its own words.", { "Retry-After": "7" }));
    await assert.rejects(device.challenges.list(factor.sid), (error) => {
      assert.equal(error.constructor, kind);
      assert.equal(error.name, kind.name);
      assert.deepEqual(
        [error.status, error.code, error.serverMessage, error.retryAfterSeconds],
        [status, 20429, "In its own words.", 7],
      );
      assert.ok(error.message.includes(kind.advice));
      return true;
    });
  }
});

test("a refusal without the envelope has no code, and a date to wait for is none in seconds", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const headers = { "Retry-After": "Fri, 15 Jan 2027 08:00:00 GMT" };
  for (const body of ["<html>", "", '{"code":"20404"}', '{"code":true}', "[]"]) {
    edge.putInTheWay("GET", LIST_PATH, () => new Response(body, { status: 404, headers }));
    await assert.rejects(device.challenges.list(factor.sid), {
      name: "NotFoundError",
      code: null,
      retryAfterSeconds: null,
    });
  }
});

test("a lost connection is a network error that says what to do", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const cut = () => new Response(new ReadableStream({ pull: (body) => body.error(new TypeError("cut")) }));
  for (const outcome of [() => Promise.reject(new TypeError("fetch failed")), cut]) {
    edge.putInTheWay("GET", LIST_PATH, outcome);
    await assert.rejects(device.challenges.list(factor.sid), (error) => {
      assert.ok(error instanceof NetworkError);
      assert.match(error.message, /read the state again/);
      return true;
    });
  }
});

test("an answer that takes too long is given up, whether it begins or not", async (t) => {
  const { edge, clock, device, factor } = await enrolled(t);
  const never = (init) =>
    new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason)));
  const endless = ({ signal }) => {
    const start = (body) => signal.addEventListener("abort", () => body.error(signal.reason));
    return new Response(new ReadableStream({ start }));
  };
  for (const outcome of [never, endless]) {
    edge.putInTheWay("GET", LIST_PATH, outcome);
    const listed = device.challenges.list(factor.sid);
    await Promise.all([assert.rejects(listed, NetworkError), clock.endLimit(EXCHANGE_SECONDS_MAX)]);
  }
});

test("an answer without end is cut off", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  let cancelled = false;
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(ANSWER_BYTES_MAX / 4)),
    cancel: () => (cancelled = true),
  });
  edge.putInTheWay("GET", LIST_PATH, () => new Response(body));
  await assert.rejects(device.challenges.list(factor.sid), AnswerFormatError);
  assert.ok(cancelled);
});

test("a caller's signal ends a call with its reason, before and while it runs", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const reason = new Error("the user went away");
  await assert.rejects(device.challenges.list(factor.sid, { signal: AbortSignal.abort(reason) }), reason);
  const ending = new AbortController();
  edge.putInTheWay("GET", LIST_PATH, ({ signal }) => {
    ending.abort(reason);
    return Promise.reject(signal.reason);
  });
  await assert.rejects(device.challenges.list(factor.sid, { signal: ending.signal }), reason);
});

test("a closed device ends what runs and refuses what comes", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  edge.putInTheWay("GET", LIST_PATH, ({ signal }) => {
    device.close();
    return Promise.reject(signal.reason);
  });
  for (let call = 0; call < 2; call++) await assert.rejects(device.challenges.list(factor.sid), { name: "AbortError" });
});

test("a key that is gone while its factor is kept says: enrol again", async (t) => {
  const { edge, store, device, factor } = await enrolled(t);
  store.sign = () => store.publicKeySpkiB64("gone");
  const before = edge.requests.length;
  edge.now += 600;
  await assert.rejects(device.challenges.list(factor.sid), (error) => {
    assert.ok(error instanceof KeyUnknownError);
    assert.match(error.message, /enrol again/);
    return true;
  });
  assert.equal(edge.requests.length, before);
});

test("a factor gets another name; an answer about another factor isn't stored", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const renamed = await device.updateFactor(factor.sid, { friendlyName: "Kiosk & Söhne" });
  assert.deepEqual(renamed, { ...factor, friendlyName: "Kiosk & Söhne" });
  assert.deepEqual(await device.factors.all(), [renamed]);
  edge.alterAnswer = (answer) => (answer.sid = `YF${"0".repeat(32)}`);
  await assert.rejects(device.updateFactor(factor.sid, { friendlyName: "Other" }), AnswerFormatError);
  assert.deepEqual(await device.factors.all(), [renamed]);
  await assert.rejects(device.updateFactor(factor.sid, {}), TypeError);
});

test("deleting removes the factor there and here, and its key", async (t) => {
  const { edge, store, device, factor } = await enrolled(t);
  await device.deleteFactor(factor.sid);
  assert.deepEqual([edge.factors.size, await device.factors.all()], [0, []]);
  await assert.rejects(store.publicKeySpkiB64(factor.keyId), KeyUnknownError);
});

test("deleting what the server no longer knows deletes it here", async (t) => {
  for (const outcome of [() => envelope(404, 20404, "Not found"), () => envelope(401, 20003, "Who?")]) {
    const { edge, device, factor } = await enrolled(t);
    edge.putInTheWay("DELETE", FACTOR, outcome);
    await device.deleteFactor(factor.sid);
    assert.deepEqual(await device.factors.all(), []);
  }
});

test("a factor stays when the server is away, or somebody else answers", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const outcomes = [
    () => envelope(503, 20503, "Later"),
    () => new Response("<html>", { status: 404 }),
    () => Promise.reject(new TypeError("fetch failed")),
  ];
  for (const outcome of outcomes) {
    edge.putInTheWay("DELETE", FACTOR, outcome);
    await assert.rejects(device.deleteFactor(factor.sid));
    assert.deepEqual(await device.factors.all(), [factor]);
  }
});

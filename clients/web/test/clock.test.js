// The one test with real time: a few milliseconds of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SystemClock } from "../src/index.js";

const clock = new SystemClock();

test("the browser's clock tells seconds, and sleeps", async () => {
  const before = Date.now();
  const beganAt = clock.now();
  assert.ok(Math.abs(beganAt * 1000 - before) < 1000);
  await clock.sleep(0.005, new AbortController().signal);
  assert.ok(Date.now() - before >= 4);
});

test("an aborted sleep ends at once with the signal's reason, before it began and later, and leaves no timer", async (t) => {
  const set = t.mock.method(globalThis, "setTimeout", () => "a timer");
  const clear = t.mock.method(globalThis, "clearTimeout", () => {});
  const reason = new Error("enough");
  await assert.rejects(clock.sleep(9, AbortSignal.abort(reason)), reason);
  assert.equal(set.mock.callCount(), 0);
  const ending = new AbortController();
  const sleeping = clock.sleep(9, ending.signal);
  ending.abort(reason);
  await assert.rejects(sleeping, reason);
  assert.deepEqual(
    clear.mock.calls.map((call) => call.arguments),
    [["a timer"]],
  );
});

test("a sleep for longer than a timer can be isn't over at once", (t) => {
  const set = t.mock.method(globalThis, "setTimeout", () => {});
  for (const seconds of [1e9, Infinity]) clock.sleep(seconds, new AbortController().signal);
  assert.deepEqual(
    set.mock.calls.map((call) => call.arguments[1]),
    [2 ** 31 - 1, 2 ** 31 - 1],
  );
});

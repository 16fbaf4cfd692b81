import assert from "node:assert/strict";
import { test } from "node:test";

import {
  AnotherChallengeError,
  ChallengeExpiredError,
  ChallengeNotArrivedError,
  ChallengeNotPendingError,
  FactorDeletedError,
  MemoryStore,
  NetworkError,
  NotInForegroundError,
  SilentApprovalError,
} from "../src/index.js";
import { WITHIN_SECONDS } from "../src/silent.js";
import { signedJws, publicKey } from "./support/checks.js";
import { enrolled } from "./support/enrolled.js";
import { LIST_PATH, STREAM_PATH, envelope } from "./support/fake-edge.js";

const CHALLENGE = /\/Challenges\/YC/;
const SECONDS = 17;

// A device that expects something, with a stream that it has opened and a list that it has read.
async function expecting(t, options) {
  const all = await enrolled(t);
  all.clock.limits.add(SECONDS).add(WITHIN_SECONDS);
  const expected = typeof options === "function" ? options(all) : options;
  const approved = all.device.approveSilently(all.factor.sid, { withinSeconds: SECONDS, ...expected });
  approved.catch(() => {});
  return { ...all, approved, ask: (more) => all.edge.ask(all.factor.sid, more) };
}

// The same, waiting.
async function waiting(t, options) {
  const all = await expecting(t, options);
  const stream = await all.edge.nextStream();
  await all.edge.requested("GET", LIST_PATH);
  return { ...all, stream, announce: (sid) => stream.announce(all.factor.sid, sid) };
}

// Until everything that was said on the stream has been dealt with.
async function dealtWith({ edge, clock, stream }) {
  stream.end("shutdown");
  await clock.endPause();
  await edge.nextStream();
}

test("the expected SID is approved, and the receipt says that nobody was asked", async (t) => {
  let sid;
  const { edge, device, factor, approved } = await expecting(t, ({ edge, factor }) => {
    sid = edge.ask(factor.sid);
    return { expectChallengeSid: sid };
  });
  assert.deepEqual([(await approved).sid, (await approved).status], [sid, "approved"]);
  const { payload } = signedJws(edge.receipts.get(sid), publicKey(await device.publicKeySpkiB64(factor.sid)));
  assert.deepEqual([payload.mode, payload.status, payload.sid], ["silent", "approved", sid]);
  assert.deepEqual(edge.challenges.get(sid).metadata, { mode: "silent" });
});

test("it listens first, then looks", async (t) => {
  const { edge, approved } = await expecting(t, ({ edge, factor }) => ({ expectChallengeSid: edge.ask(factor.sid) }));
  await approved;
  const [, , stream, look] = edge.requests;
  assert.match(stream.path, STREAM_PATH);
  assert.match(look.path, CHALLENGE);
});

test("the expected transaction is approved when it is announced", async (t) => {
  const { ask, announce, approved } = await waiting(t, { expectTransactionId: "t-1" });
  const sid = ask({ hidden: { transaction_id: "t-1" } });
  announce(sid);
  assert.equal((await approved).sid, sid);
});

test("the expected transaction is found among what is there, a pending one before one that is over", async (t) => {
  let sid;
  const { approved } = await expecting(t, ({ edge, factor }) => {
    sid = edge.ask(factor.sid, { hidden: { transaction_id: "t-1" } });
    edge.ask(factor.sid, { hidden: { transaction_id: "t-1" }, status: "expired" });
    return { expectTransactionId: "t-1" };
  });
  assert.equal((await approved).sid, sid);
});

test("others are left alone, and it goes on waiting", async (t) => {
  const { edge, ask, announce, approved } = await waiting(t, { expectTransactionId: "t-1" });
  const others = [ask({ hidden: { transaction_id: "t-2" } }), ask(), ask({ hidden: { other: "t-1" } })];
  others.forEach(announce);
  const sid = ask({ hidden: { transaction_id: "t-1" } });
  announce(sid);
  assert.equal((await approved).sid, sid);
  assert.deepEqual(
    others.map((other) => edge.challenges.get(other).status),
    ["pending", "pending", "pending"],
  );
});

test("a challenge whose message names the transaction isn't the expected one", async (t) => {
  const all = await waiting(t, { expectTransactionId: "t-1" });
  const sid = all.ask({ message: "transaction_id t-1" });
  all.announce(sid);
  await dealtWith(all);
  await all.clock.endLimit(SECONDS);
  await assert.rejects(all.approved, { name: "AnotherChallengeError", challengeSids: [sid] });
});

test("nothing within the time: it hasn't arrived", async (t) => {
  const { clock, stream, approved } = await waiting(t, { expectChallengeSid: `YC${"0".repeat(32)}` });
  await clock.endLimit(SECONDS);
  await assert.rejects(approved, (error) => {
    assert.ok(error instanceof ChallengeNotArrivedError && error instanceof SilentApprovalError);
    return true;
  });
  await stream.closed;
  await clock.idle();
});

test("only others within the time: they are named, oldest first, and untouched", async (t) => {
  const sids = [];
  const all = await waiting(t, ({ edge, factor }) => {
    edge.ask(factor.sid, { status: "approved" });
    sids.push(edge.ask(factor.sid));
    return { expectChallengeSid: `YC${"0".repeat(32)}` };
  });
  sids.push(`YC${"1".repeat(32)}`);
  all.announce(sids[1]);
  await dealtWith(all);
  await all.clock.endLimit(SECONDS);
  await assert.rejects(all.approved, (error) => {
    assert.ok(error instanceof AnotherChallengeError);
    assert.deepEqual(error.challengeSids, sids);
    assert.match(error.message, /Show them/);
    return true;
  });
  assert.equal(all.edge.count("POST", CHALLENGE), 0);
});

for (const [status, kind] of [
  ["expired", ChallengeExpiredError],
  ["approved", ChallengeNotPendingError],
  ["denied", ChallengeNotPendingError],
]) {
  for (const by of ["expectChallengeSid", "expectTransactionId"]) {
    test(`one that is ${status} is told apart from one that never came, by ${by}`, async (t) => {
      const { edge, approved } = await expecting(t, ({ edge, factor }) => {
        const sid = edge.ask(factor.sid, { status, hidden: { transaction_id: "t-1" } });
        return { [by]: by === "expectChallengeSid" ? sid : "t-1" };
      });
      await assert.rejects(approved, kind);
      assert.equal(edge.count("POST", CHALLENGE), 0);
    });
  }
}

for (const [code, kind] of [
  [60323, ChallengeExpiredError],
  [60322, ChallengeNotPendingError],
]) {
  test(`what happened between looking and signing is told apart: ${code}`, async (t) => {
    const { edge, approved } = await expecting(t, ({ edge, factor }) => {
      edge.putInTheWay("POST", CHALLENGE, () => envelope(403, code, "Too late"));
      return { expectChallengeSid: edge.ask(factor.sid) };
    });
    await assert.rejects(approved, kind);
    assert.equal(edge.receipts.size, 0);
  });
}

test("in the background nothing is even asked", async (t) => {
  const { edge, approved } = await expecting(t, ({ edge, factor, foreground }) => {
    foreground.set(false);
    return { expectChallengeSid: edge.ask(factor.sid) };
  });
  await assert.rejects(approved, NotInForegroundError);
  assert.equal(edge.requests.length, 2);
});

test("the foreground is asked again right before signing", async (t) => {
  const { edge, foreground, ask, announce, approved } = await waiting(t, { expectTransactionId: "t-1" });
  const sid = ask({ hidden: { transaction_id: "t-1" } });
  // What the page learns of it comes too late to stop the request that is under way.
  foreground.isForeground = () => false;
  announce(sid);
  await assert.rejects(approved, NotInForegroundError);
  assert.equal(edge.count("POST", CHALLENGE), 0);
});

test("a page that goes to the background after the challenge was read, and before it is signed, signs nothing", async (t) => {
  const { edge, approved } = await expecting(t, ({ edge, factor, foreground, store }) => {
    const read = store.factor.bind(store);
    store.factor = (sid) => {
      if (edge.count("GET", CHALLENGE) > 0) foreground.isForeground = () => false;
      return read(sid);
    };
    return { expectChallengeSid: edge.ask(factor.sid) };
  });
  await assert.rejects(approved, NotInForegroundError);
  assert.equal(edge.count("POST", CHALLENGE), 0);
});

test("away for a moment is fine; away when the time is over is said", async (t) => {
  const { edge, foreground, stream, ask, approved } = await waiting(t, { expectTransactionId: "t-1" });
  foreground.set(false);
  await stream.closed;
  const sid = ask({ hidden: { transaction_id: "t-1" } });
  assert.equal(edge.challenges.get(sid).status, "pending");
  foreground.set(true);
  assert.equal((await approved).sid, sid);

  const away = await waiting(t, { expectTransactionId: "t-1" });
  away.foreground.set(false);
  await away.clock.endLimit(SECONDS);
  await assert.rejects(away.approved, NotInForegroundError);
});

test("without a stream it polls", async (t) => {
  let factorSid;
  const { edge, clock, approved } = await expecting(t, ({ edge, factor }) => {
    edge.hasStreams = false;
    factorSid = factor.sid;
    return { expectTransactionId: "t-1" };
  });
  await clock.paused();
  const sid = edge.ask(factorSid, { hidden: { transaction_id: "t-1" } });
  await clock.endPause();
  assert.equal((await approved).sid, sid);
});

test("a server that can't be reached is said to be why nothing came", async (t) => {
  const { clock, approved } = await expecting(t, ({ edge }) => {
    for (const path of [STREAM_PATH, LIST_PATH])
      edge.putInTheWay("GET", path, () => Promise.reject(new TypeError("fetch failed")));
    return { expectTransactionId: "t-1" };
  });
  await clock.paused();
  await clock.endLimit(SECONDS);
  await assert.rejects(approved, (error) => {
    assert.ok(error instanceof ChallengeNotArrivedError && error.cause instanceof NetworkError);
    assert.match(error.message, /can't be reached/);
    return true;
  });
});

test("a page that is left while the store signs sends nothing", async (t) => {
  class LeftWhileSigning extends MemoryStore {
    async sign(keyId, message) {
      const payload = String(Buffer.from(String(Buffer.from(message)).split(".")[1] ?? "", "base64url"));
      if (payload.includes('"mode":"silent"')) foreground.set(false);
      return super.sign(keyId, message);
    }
  }
  const { edge, device, factor, foreground } = await enrolled(t, { store: new LeftWhileSigning() });
  const sid = edge.ask(factor.sid);
  await assert.rejects(device.approveSilently(factor.sid, { expectChallengeSid: sid }), NotInForegroundError);
  assert.equal(edge.challenges.get(sid).status, "pending");
  assert.equal(edge.receipts.has(sid), false);
});

test("the signal ends the wait with its reason", async (t) => {
  const ending = new AbortController();
  const { clock, approved } = await waiting(t, { expectTransactionId: "t-1", signal: ending.signal });
  const reason = new Error("the user left");
  ending.abort(reason);
  await assert.rejects(approved, reason);
  await clock.idle();
  await assert.rejects(
    expecting(t, { expectTransactionId: "t-1", signal: ending.signal }).then((all) => all.approved),
    reason,
  );
});

test("a device that is closed ends the wait", async (t) => {
  const { device, approved } = await waiting(t, { expectTransactionId: "t-1" });
  await device.close();
  await assert.rejects(approved, { name: "AbortError" });
});

test("a factor that is deleted ends the wait", async (t) => {
  const { stream, approved } = await waiting(t, { expectTransactionId: "t-1" });
  stream.end("factor_deleted");
  await assert.rejects(approved, FactorDeletedError);
});

test("exactly one thing is expected, and for some time; without one for half a minute", async (t) => {
  const { edge, clock, device, factor } = await enrolled(t);
  for (const wrong of [
    {},
    { expectChallengeSid: "" },
    { expectTransactionId: 7 },
    { expectChallengeSid: "YC1", expectTransactionId: "t-1" },
    { expectTransactionId: "t-1", withinSeconds: 0 },
    { expectTransactionId: "t-1", withinSeconds: NaN },
  ]) {
    await assert.rejects(device.approveSilently(factor.sid, wrong), TypeError);
  }
  const approved = device.approveSilently(factor.sid, { expectTransactionId: "t-1" });
  await edge.nextStream();
  await Promise.all([assert.rejects(approved, ChallengeNotArrivedError), clock.endLimit(WITHIN_SECONDS)]);
});

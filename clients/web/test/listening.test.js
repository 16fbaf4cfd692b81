import assert from "node:assert/strict";
import { test } from "node:test";

import { AuthenticationError, FactorDeletedError, FactorUnknownError } from "../src/index.js";
import { STREAM_OPENING_SECONDS_MAX, STREAM_SILENCE_SECONDS_MAX } from "../src/http.js";
import { AWAY_SECONDS_MAX, POLL_SECONDS_MAX, STEADY_SECONDS } from "../src/listen.js";
import { enrolled } from "./support/enrolled.js";
import { withResolvers } from "./support/fake-clock.js";
import { LIST_PATH, STREAM_PATH, envelope, newSid } from "./support/fake-edge.js";

// The factor's listening; its states are noted, and can be waited for.
async function listened(t, options = {}) {
  const all = await enrolled(t);
  const states = [];
  const waits = new Map();
  const onState = (state) => {
    states.push(state);
    waits.get(state)?.resolve();
    waits.delete(state);
  };
  const told = (state) => {
    waits.set(state, withResolvers());
    return waits.get(state).promise;
  };
  const listening = all.device.listen(all.factor.sid, { onState, ...options });
  return { ...all, listening, states, told, ask: () => all.edge.ask(all.factor.sid) };
}

// The same at rest on an open stream, and what comes next.
async function resting(t, options) {
  const all = await listened(t, options);
  const isListed = all.told("streaming");
  const coming = all.listening.next();
  await isListed;
  return { ...all, coming, stream: await all.edge.nextStream() };
}

const isBetween = (seconds, longest) =>
  assert.ok(longest / 2 <= seconds && seconds <= longest, `${seconds} for ${longest}`);

test("what is pending comes first, then what is announced, each once and ready to answer", async (t) => {
  const { edge, device, factor, listening, ask } = await listened(t);
  const first = ask();
  assert.equal((await listening.next()).value.sid, first);
  const stream = await edge.nextStream();
  const coming = listening.next();
  const second = ask();
  for (const sid of [first, second, second]) stream.announce(factor.sid, sid);
  const { value: shown } = await coming;
  assert.equal(shown.sid, second);
  assert.equal((await device.challenges.approve(shown)).status, "approved");
  const third = ask();
  stream.announce(factor.sid, third);
  assert.equal((await listening.next()).value.sid, third);
});

test("it listens before it lists: what is created between the two is in the stream", async (t) => {
  const { edge, listening, ask } = await listened(t);
  ask();
  await listening.next();
  const [stream, list] = edge.requests.slice(-3);
  assert.match(stream.path, STREAM_PATH);
  assert.match(list.path, LIST_PATH);
  assert.equal(list.query.Status, "pending");
});

test("every page of what is pending is looked at", async (t) => {
  const { edge, factor, listening } = await listened(t);
  const sids = Array.from({ length: 51 }, () => edge.ask(factor.sid));
  const found = [];
  while (found.length < sids.length) found.push((await listening.next()).value.sid);
  assert.deepEqual(found, sids);
});

test("what isn't for this factor, is over, or has vanished is passed over", async (t) => {
  const { edge, factor, coming, stream, ask } = await resting(t);
  const answered = edge.ask(factor.sid, { status: "approved" });
  stream.say("weather", { rain: true });
  stream.say("challenge", { type: "something_new" });
  stream.announce(newSid("YF"), answered);
  stream.announce(factor.sid, newSid("YC"));
  stream.announce(factor.sid, answered);
  stream.announce(factor.sid, answered);
  const asked = ask();
  stream.announce(factor.sid, asked);
  assert.equal((await coming).value.sid, asked);
  assert.equal(edge.count("GET", answered), 1);
});

test("without a stream it polls, with pauses that grow to some seconds", async (t) => {
  const { edge, clock, listening, states, ask } = await listened(t);
  edge.hasStreams = false;
  const coming = listening.next();
  for (const longest of [2, 4, POLL_SECONDS_MAX, POLL_SECONDS_MAX, POLL_SECONDS_MAX])
    isBetween(await clock.endPause(), longest);
  const asked = ask();
  assert.equal((await coming).value.sid, asked);
  assert.deepEqual(states, ["polling"]);
});

test("a stream that a proxy keeps back is given up after some seconds, and a list is asked for", async (t) => {
  const { edge, clock, listening, states, ask } = await listened(t);
  edge.greeting = "";
  const coming = listening.next();
  const stream = await edge.nextStream();
  const asked = ask();
  await clock.endLimit(STREAM_OPENING_SECONDS_MAX);
  assert.equal((await coming).value.sid, asked);
  await stream.closed;
  assert.deepEqual(states, ["polling"]);
});

test("a silent stream is taken for dead after a minute", async (t) => {
  const { clock, coming, stream, ask } = await resting(t);
  const asked = ask();
  await clock.endLimit(STREAM_SILENCE_SECONDS_MAX);
  assert.equal((await coming).value.sid, asked);
  await stream.closed;
});

test("a cut stream leads to a list at once, and then to a new stream", async (t) => {
  const { edge, clock, factor, listening, coming, stream, states, ask } = await resting(t);
  const missed = ask();
  stream.cut();
  assert.equal((await coming).value.sid, missed);
  const later = listening.next();
  await clock.endPause();
  const next = await edge.nextStream();
  const found = ask();
  next.announce(factor.sid, found);
  assert.equal((await later).value.sid, found);
  assert.deepEqual(states, ["streaming", "polling", "streaming"]);
});

test("a stream that held long is replaced sooner than one that didn't", async (t) => {
  const { edge, clock, told, stream: first } = await resting(t);
  let stream = first;
  for (const [heldSeconds, longest] of [
    [STEADY_SECONDS, 1],
    [STEADY_SECONDS, 1],
    [0, 2],
    [0, 4],
    [0, POLL_SECONDS_MAX],
  ]) {
    clock.pass(heldSeconds);
    const isListed = told("streaming");
    stream.cut();
    isBetween(await clock.endPause(), longest);
    await isListed;
    stream = await edge.nextStream();
  }
});

for (const reason of ["token_expired", "shutdown", "a reason of tomorrow"]) {
  test(`a stream that ends with "${reason}" is opened again, with a new JWT where that is due`, async (t) => {
    const { edge, clock, coming, stream, ask } = await resting(t);
    const first = edge.requests.find((request) => STREAM_PATH.test(request.path)).token;
    edge.now += 600;
    const missed = ask();
    stream.end(reason);
    isBetween(await clock.endPause(), 1);
    await edge.nextStream();
    assert.equal((await coming).value.sid, missed);
    assert.equal(edge.count("GET", STREAM_PATH), 2);
    assert.notEqual(edge.requests.at(-1).token, first);
  });
}

test("a stream that ends without a word is a lost one", async (t) => {
  const { coming, stream, ask } = await resting(t);
  const missed = ask();
  stream.endWithoutAWord();
  assert.equal((await coming).value.sid, missed);
});

for (const [name, outcome] of Object.entries({
  "a page": () => new Response("<html>", { headers: { "Content-Type": "text/html" } }),
  "no content": () => new Response(null, { status: 204 }),
  "another method": () => new Response("", { status: 405 }),
})) {
  test(`an answer that is no stream is none: ${name}`, async (t) => {
    const { edge, listening, states, ask } = await listened(t);
    const asked = ask();
    edge.putInTheWay("GET", STREAM_PATH, outcome);
    assert.equal((await listening.next()).value.sid, asked);
    assert.deepEqual(states, ["polling"]);
  });
}

test("an event without end ends the stream, not the memory", async (t) => {
  const { coming, stream, states, ask } = await resting(t);
  const asked = ask();
  stream.write("x".repeat(70_000));
  assert.equal((await coming).value.sid, asked);
  await stream.closed;
  assert.deepEqual(states, ["streaming", "polling"]);
});

test("while the server is away pauses grow to a minute, and end when it is back", async (t) => {
  const { edge, clock, factor, listening, states, ask } = await listened(t);
  for (let time = 0; time < 8; time++) {
    edge.putInTheWay("GET", STREAM_PATH, () => Promise.reject(new TypeError("fetch failed")));
    edge.putInTheWay("GET", LIST_PATH, () => envelope(503, 20503, "Later"));
  }
  const coming = listening.next();
  for (const longest of [2, 4, 8, 16, 32, AWAY_SECONDS_MAX, AWAY_SECONDS_MAX, AWAY_SECONDS_MAX]) {
    isBetween(await clock.endPause(), longest);
  }
  const stream = await edge.nextStream();
  stream.announce(factor.sid, ask());
  await coming;
  assert.deepEqual(states, ["offline", "streaming"]);
});

test("it waits as long as the server asks, up to a minute", async (t) => {
  const { edge, clock, listening } = await listened(t);
  for (const seconds of ["40", "4000"]) {
    for (const path of [STREAM_PATH, LIST_PATH]) {
      edge.putInTheWay("GET", path, () => envelope(429, 20429, "Too many", { "Retry-After": seconds }));
    }
  }
  const coming = listening.next();
  assert.equal(await clock.endPause(), 40);
  await clock.endLimit(AWAY_SECONDS_MAX);
  await edge.nextStream();
  await listening.return();
  await coming;
});

test("a server that has no room for a stream is asked for none as long as it says, and polled meanwhile", async (t) => {
  const { edge, clock, listening } = await listened(t);
  edge.putInTheWay("GET", STREAM_PATH, () => envelope(429, 20429, "Too many", { "Retry-After": "8" }));
  const startedAt = edge.now;
  const coming = listening.next();
  while (edge.now < startedAt + 8) {
    isBetween(await clock.paused(), 2);
    assert.equal(edge.count("GET", STREAM_PATH), 1);
    await clock.endPause();
  }
  await edge.nextStream();
  assert.ok(edge.count("GET", LIST_PATH) >= 4);
  await listening.return();
  await coming;
});

test("a network that is back ends the pause, and starts anew", async (t) => {
  const { edge, clock, network, listening, states } = await listened(t);
  const away = () => Promise.reject(new TypeError("fetch failed"));
  for (const path of [STREAM_PATH, LIST_PATH, STREAM_PATH, LIST_PATH]) edge.putInTheWay("GET", path, away);
  const coming = listening.next();
  await clock.endPause();
  await clock.paused();
  network.change();
  await edge.nextStream();
  await listening.return();
  await coming;
  assert.equal(states[0], "offline");
});

test("a change of network replaces the stream, which may be dead without a word", async (t) => {
  const { edge, network, listening, coming, stream, factor, ask } = await resting(t);
  network.change();
  await stream.closed;
  (await edge.nextStream()).announce(factor.sid, ask());
  await coming;
  await listening.return();
});

test("in the background nothing is open; in the foreground it lists and listens again", async (t) => {
  const { edge, clock, foreground, coming, stream, states, told, ask, listening, factor } = await resting(t);
  const isAway = told("background");
  foreground.set(false);
  await Promise.all([stream.closed, isAway]);
  const missed = ask();
  await clock.idle();
  const before = edge.requests.length;
  foreground.set(true);
  assert.equal((await coming).value.sid, missed);
  assert.match(edge.requests[before].path, STREAM_PATH);
  const next = await edge.nextStream();
  const later = listening.next();
  const found = ask();
  next.announce(factor.sid, found);
  assert.equal((await later).value.sid, found);
  assert.deepEqual(states, ["streaming", "background", "streaming"]);
});

test("a page that opens in the background asks nobody anything until it is looked at", async (t) => {
  const { edge, clock, foreground, listening, states, told, ask } = await listened(t);
  foreground.set(false);
  const asked = ask();
  const before = edge.requests.length;
  const isAway = told("background");
  const coming = listening.next();
  await isAway;
  await clock.idle();
  assert.deepEqual([edge.requests.length, states], [before, ["background"]]);
  foreground.set(true);
  assert.equal((await coming).value.sid, asked);
});

test("going to the background while a challenge is shown closes the stream", async (t) => {
  const { edge, foreground, listening, ask } = await listened(t);
  ask();
  await listening.next();
  foreground.set(false);
  await (
    await edge.nextStream()
  ).closed;
  await listening.return();
});

test("a factor that is deleted while it listens ends the listening", async (t) => {
  const { coming, stream, listening } = await resting(t);
  stream.end("factor_deleted");
  await assert.rejects(coming, (error) => error instanceof FactorDeletedError && /enrol/.test(error.message));
  assert.deepEqual(await listening.next(), { value: undefined, done: true });
});

test("a factor that was deleted meanwhile ends it", async (t) => {
  const { edge, listening } = await listened(t);
  edge.factors.clear();
  await assert.rejects(listening.next(), AuthenticationError);
});

test("an entity or service that was deleted ends it: 404 in the server's own words", async (t) => {
  const { edge, listening } = await listened(t);
  for (let time = 0; time < 2; time++) edge.putInTheWay("GET", LIST_PATH, () => envelope(404, 20404, "Not found"));
  await assert.rejects(listening.next(), FactorDeletedError);
});

for (const status of [401, 403, 404]) {
  test(`a proxy's own ${status} doesn't end it`, async (t) => {
    const { edge, clock, factor, listening, ask } = await listened(t);
    for (const path of [STREAM_PATH, LIST_PATH])
      edge.putInTheWay("GET", path, () => new Response("<html>", { status }));
    const coming = listening.next();
    await clock.endPause();
    const stream = await edge.nextStream();
    const asked = ask();
    stream.announce(factor.sid, asked);
    assert.equal((await coming).value.sid, asked);
  });
}

test("a factor that isn't here can't be listened for", async (t) => {
  const { device } = await enrolled(t);
  await assert.rejects(device.listen(newSid("YF")).next(), FactorUnknownError);
});

test("return ends a wait at once, and closes the stream", async (t) => {
  const { clock, listening, coming, stream } = await resting(t);
  assert.deepEqual(await listening.return(), { value: undefined, done: true });
  assert.deepEqual(await coming, { value: undefined, done: true });
  await stream.closed;
  await clock.idle();
});

test("leaving the loop closes the stream", async (t) => {
  const { edge, listening, ask } = await listened(t);
  ask();
  for await (const challenge of listening) {
    assert.equal(challenge.status, "pending");
    break;
  }
  await (
    await edge.nextStream()
  ).closed;
});

test("the signal ends it without an error: while it waits, while it pauses, between two challenges, before it began", async (t) => {
  const ended = { value: undefined, done: true };
  const ending = new AbortController();
  const { coming, stream } = await resting(t, { signal: ending.signal });
  ending.abort();
  assert.deepEqual(await coming, ended);
  await stream.closed;

  const pausing = new AbortController();
  const second = await listened(t, { signal: pausing.signal });
  second.edge.hasStreams = false;
  const paused = second.listening.next();
  await second.clock.paused();
  pausing.abort();
  assert.deepEqual(await paused, ended);

  const showing = new AbortController();
  const third = await listened(t, { signal: showing.signal });
  third.ask();
  await third.listening.next();
  showing.abort();
  await (
    await third.edge.nextStream()
  ).closed;
  assert.deepEqual(await third.listening.next(), ended);

  const fourth = await listened(t, { signal: AbortSignal.abort() });
  assert.deepEqual(await fourth.listening.next(), ended);
  assert.equal(fourth.edge.count("GET", STREAM_PATH), 0);
});

test("closing the device ends it", async (t) => {
  const { device, coming, stream } = await resting(t);
  await device.close();
  assert.deepEqual(await coming, { value: undefined, done: true });
  await stream.closed;
});

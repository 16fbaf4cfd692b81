import assert from "node:assert/strict";
import { test } from "node:test";

import {
  AnswerFormatError,
  AnswerNotRecordedError,
  ChallengeNotFetchedError,
  ChallengeNotPendingError,
  NetworkError,
  NotFoundError,
  PermissionDeniedError,
  SignatureFieldAbsentError,
  SignatureFieldsMissingError,
  WrongFactorError,
  verifyReceipt,
} from "../src/index.js";
import { NAMES, enrolled } from "./support/enrolled.js";
import { SIGNATURE_FIELDS, newSid } from "./support/fake-edge.js";

const CHALLENGE = /\/Challenges\/YC/;

test("a challenge shows what the server asks, and nothing of it can be changed", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const sid = edge.ask(factor.sid, { message: "<b>Pay?</b>", hidden: { ip: "192.0.2.7" } });
  const challenge = await device.challenges.get(factor.sid, sid);
  const { hiddenDetails, raw, ...shown } = challenge;
  assert.deepEqual(shown, {
    sid,
    factorSid: factor.sid,
    status: "pending",
    message: "<b>Pay?</b>",
    fields: [{ label: "IP", value: "192.0.2.7" }],
    expirationDate: new Date("2027-01-15T08:05:00Z"),
    dateCreated: new Date("2027-01-15T08:00:00Z"),
    signatureFields: SIGNATURE_FIELDS.split(","),
  });
  assert.deepEqual({ ...hiddenDetails }, { ip: "192.0.2.7" });
  assert.equal(JSON.parse(raw).sid, sid);
  for (const part of [
    challenge,
    challenge.fields,
    challenge.fields[0],
    challenge.hiddenDetails,
    challenge.signatureFields,
  ]) {
    assert.ok(Object.isFrozen(part));
  }
  challenge.expirationDate.setTime(0);
  assert.deepEqual(challenge.expirationDate, shown.expirationDate);
});

for (const [answer, status] of [
  ["approve", "approved"],
  ["deny", "denied"],
]) {
  test(`${answer} is recorded, and its receipt covers every field`, async (t) => {
    const { edge, device, factor } = await enrolled(t);
    const sid = edge.ask(factor.sid, { hidden: { transaction_id: "t-1" } });
    const recorded = await device.challenges[answer](await device.challenges.get(factor.sid, sid));
    assert.equal(recorded.status, status);
    const receipt = await verifyReceipt(edge.receipts.get(sid), await device.publicKeySpkiB64(factor.sid));
    assert.deepEqual([receipt.challengeSid, receipt.decision, receipt.message], [sid, status, "Log in?"]);
    assert.deepEqual(Object.keys(receipt.members), SIGNATURE_FIELDS.split(","));
  });
}

test("what changed on the server since it was shown isn't approved", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const sid = edge.ask(factor.sid, { message: "Pay 10?" });
  const shown = await device.challenges.get(factor.sid, sid);
  edge.challenges.get(sid).details.message = "Pay 1000?";
  await assert.rejects(device.challenges.approve(shown), PermissionDeniedError);
  assert.equal(edge.challenges.get(sid).status, "pending");
});

test("only the very object that was shown is signed: no copy, no look-alike, no other object with its prototype", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const challenge = await device.challenges.get(factor.sid, edge.ask(factor.sid));
  const sent = edge.requests.length;
  const lookAlikes = [
    { ...challenge },
    { ...challenge, message: "other" },
    Object.create(challenge),
    new Proxy(challenge, {}),
    {},
  ];
  for (const lookAlike of lookAlikes) {
    await assert.rejects(device.challenges.approve(lookAlike), ChallengeNotFetchedError);
  }
  for (const nothing of [null, undefined, "YC", 7]) {
    await assert.rejects(device.challenges.approve(nothing), ChallengeNotFetchedError);
  }
  assert.equal(edge.requests.length, sent);
});

test("a challenge out of a list must be fetched first", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  edge.ask(factor.sid);
  const { challenges } = await device.challenges.list(factor.sid);
  assert.equal(challenges[0].signatureFields, null);
  await assert.rejects(device.challenges.approve(challenges[0]), ChallengeNotFetchedError);
});

test("an answer that doesn't name what was shown, or names what isn't there, isn't signed", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  for (const [fields, error] of [
    [null, SignatureFieldsMissingError],
    ["", SignatureFieldsMissingError],
    ["sid,factor_sid,status", SignatureFieldsMissingError],
    [`${SIGNATURE_FIELDS},amount`, SignatureFieldAbsentError],
    [`${SIGNATURE_FIELDS},constructor`, SignatureFieldAbsentError],
  ]) {
    edge.signatureFields = fields;
    const challenge = await device.challenges.get(factor.sid, edge.ask(factor.sid));
    await assert.rejects(device.challenges.approve(challenge), error);
  }
  assert.equal(edge.count("POST", CHALLENGE), 0);
});

for (const status of ["approved", "denied", "expired"]) {
  test(`a challenge that is ${status} isn't signed`, async (t) => {
    const { edge, device, factor } = await enrolled(t);
    const challenge = await device.challenges.get(factor.sid, edge.ask(factor.sid, { status }));
    await assert.rejects(device.challenges.deny(challenge), ChallengeNotPendingError);
    assert.equal(edge.count("POST", CHALLENGE), 0);
  });
}

test("a challenge of a factor that isn't here isn't signed", async (t) => {
  const { edge, device, store, factor } = await enrolled(t);
  const challenge = await device.challenges.get(factor.sid, edge.ask(factor.sid));
  await store.removeFactor(factor.sid);
  await assert.rejects(device.challenges.approve(challenge), WrongFactorError);
});

test("each factor answers with its own key", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const other = await device.registerFactor(edge.issue(), NAMES);
  for (const { sid } of [factor, other]) {
    const challenge = await device.challenges.get(sid, edge.ask(sid));
    assert.equal((await device.challenges.approve(challenge)).status, "approved");
  }
});

test("an answer that wasn't recorded is an error, and so is a second answer", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const challenge = await device.challenges.get(factor.sid, edge.ask(factor.sid));
  edge.recordsAnswers = false;
  await assert.rejects(device.challenges.approve(challenge), AnswerNotRecordedError);
  edge.recordsAnswers = true;
  await device.challenges.deny(challenge);
  await assert.rejects(device.challenges.approve(challenge), { name: "PermissionDeniedError", code: 60322 });
});

test("a lost answer is told apart from a refusal, and shows whether it counted", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const sid = edge.ask(factor.sid);
  edge.loseAnswer("POST", CHALLENGE);
  await assert.rejects(device.challenges.approve(await device.challenges.get(factor.sid, sid)), NetworkError);
  assert.equal((await device.challenges.get(factor.sid, sid)).status, "approved");
});

test("a list takes status, order and size, and gives a token", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  const sids = [
    edge.ask(factor.sid),
    edge.ask(factor.sid),
    edge.ask(factor.sid, { status: "denied" }),
    edge.ask(factor.sid),
  ];
  const { challenges, nextPageToken } = await device.challenges.list(factor.sid, {
    status: "pending",
    order: "desc",
    pageSize: 2,
  });
  assert.deepEqual(
    challenges.map(({ sid }) => sid),
    [sids[3], sids[1]],
  );
  const last = await device.challenges.list(factor.sid, {
    status: "pending",
    order: "desc",
    pageSize: 2,
    pageToken: nextPageToken,
  });
  assert.deepEqual([last.challenges.map(({ sid }) => sid), last.nextPageToken], [[sids[0]], null]);
  const all = [];
  for await (const { sid } of device.challenges.iterate(factor.sid, { pageSize: 3 })) all.push(sid);
  assert.deepEqual(all, sids);
});

test("a page that follows itself ends the iteration", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  edge.ask(factor.sid);
  edge.alterAnswer = (answer) => (answer.meta.next_page_url = "https://edge.test/?PageToken=again");
  const going = device.challenges.iterate(factor.sid);
  await going.next();
  await assert.rejects(async () => {
    for await (const _ of going);
  }, AnswerFormatError);
});

test("what is unknown, of another factor or about something else is told apart", async (t) => {
  const { edge, device, factor } = await enrolled(t);
  await assert.rejects(device.challenges.get(factor.sid, newSid("YC")), NotFoundError);
  await assert.rejects(device.challenges.get(newSid("YF"), newSid("YC")), { name: "FactorUnknownError" });
  const sid = edge.ask(factor.sid);
  edge.alterAnswer = (answer) => (answer.sid = newSid("YC"));
  await assert.rejects(device.challenges.get(factor.sid, sid), AnswerFormatError);
  edge.alterAnswer = (answer) => (answer.factor_sid = newSid("YF"));
  await assert.rejects(device.challenges.get(factor.sid, sid), WrongFactorError);
  for (const notOne of ["..", ".", "", undefined])
    await assert.rejects(device.challenges.get(factor.sid, notOne), TypeError);
});

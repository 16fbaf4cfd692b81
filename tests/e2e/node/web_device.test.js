// Our web library as the device of the vendor's Node library: enrol, listen, answer, delete, against our base URL.
// tests/e2e/test_node_clients.py runs it as it runs core_flow.test.js.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import twilio from "twilio";

import { ChallengeNotPendingError, FactorDeletedError, MemoryStore, PushwardDevice } from "../../../clients/web/src/index.js";

const { PUSHWARD_BASE_URL: baseUrl, PUSHWARD_ACCOUNT_SID: accountSid, PUSHWARD_AUTH_TOKEN: authToken } = process.env;
const client = twilio(accountSid, authToken);
client.verify.baseUrl = baseUrl;
const identity = randomUUID();

let service, entity, device, factor;

before(async () => {
  const { sid } = await client.verify.v2.services.create({ friendlyName: "Web" });
  service = client.verify.v2.services(sid);
  entity = service.entities(identity);
  device = await PushwardDevice.open({ baseUrl, store: new MemoryStore() });
  const { token } = await service.accessTokens.create({ identity, factorType: "push" });
  const payload = { token, serviceSid: sid, identity, factorType: "push" };
  factor = await device.registerFactor(payload, { friendlyName: "Work browser", appId: "com.example.web", metadata: { os: "any" } });
});

after(() => device.close());

function ask(more = {}) {
  const fields = [{ label: "IP", value: "192.0.2.1" }, { label: "Wo", value: "Köln/Süd <b>" }];
  return entity.challenges.create({ factorSid: factor.sid, "details.message": "Log in?", "details.fields": fields, ...more });
}

test("the factor is verified, here and there", async () => {
  const there = await entity.factors(factor.sid).fetch();
  assert.deepEqual([factor.status, there.status, there.friendlyName], ["verified", "verified", "Work browser"]);
  assert.deepEqual(await device.factors.all(), [factor]);
});

for (const [answer, status] of [["approve", "approved"], ["deny", "denied"]]) {
  test(`a challenge that is heard of is ${status}`, async () => {
    const states = [];
    const listened = device.listen(factor.sid, { onState: (state) => states.push(state) });
    const coming = listened.next();
    const { sid } = await ask({ hiddenDetails: { transaction_id: "t-1" } });
    const { value: challenge } = await coming;
    assert.deepEqual([challenge.sid, challenge.message, challenge.hiddenDetails.transaction_id], [sid, "Log in?", "t-1"]);
    assert.deepEqual(challenge.fields[1], { label: "Wo", value: "Köln/Süd <b>" });
    assert.equal((await device.challenges[answer](challenge)).status, status);
    assert.equal((await entity.challenges(sid).fetch()).status, status);
    await listened.return();
    assert.deepEqual(states, ["streaming"]);
  });
}

test("the expected challenge is approved silently, another one isn't", async () => {
  const expected = randomUUID();
  const other = await ask();
  const approved = device.approveSilently(factor.sid, { expectTransactionId: expected, withinSeconds: 20 });
  const { sid } = await ask({ hiddenDetails: { transaction_id: expected } });
  assert.equal((await approved).sid, sid);
  const there = await entity.challenges(sid).fetch();
  assert.deepEqual([there.status, there.metadata], ["approved", { mode: "silent" }]);
  assert.equal((await entity.challenges(other.sid).fetch()).status, "pending");
  const again = device.approveSilently(factor.sid, { expectChallengeSid: sid });
  await assert.rejects(again, ChallengeNotPendingError);
  const late = device.approveSilently(factor.sid, { expectTransactionId: randomUUID(), withinSeconds: 0.5 });
  await assert.rejects(late, { name: "AnotherChallengeError", challengeSids: [other.sid] });
  await device.challenges.deny(await device.challenges.get(factor.sid, other.sid));
});

test("challenges are listed page by page", async () => {
  await ask();
  const first = await device.challenges.list(factor.sid, { order: "desc", pageSize: 2 });
  const second = await device.challenges.list(factor.sid, { order: "desc", pageSize: 9, pageToken: first.nextPageToken });
  const statuses = [...first.challenges, ...second.challenges].map((challenge) => challenge.status);
  assert.deepEqual(statuses, ["pending", "approved", "denied", "denied", "approved"]);
});

test("a factor gets another name", async () => {
  assert.equal((await device.updateFactor(factor.sid, { friendlyName: "Kiosk 7" })).friendlyName, "Kiosk 7");
  assert.equal((await entity.factors(factor.sid).fetch()).friendlyName, "Kiosk 7");
});

test("a device whose clock is an hour off answers all the same", async () => {
  const { token } = await service.accessTokens.create({ identity, factorType: "push" });
  const clock = { now: () => Date.now() / 1000 + 3600, sleep: () => new Promise(() => {}) };
  const late = await PushwardDevice.open({ baseUrl, store: new MemoryStore(), clock });
  const payload = { token, serviceSid: factor.serviceSid, identity };
  const enrolled = await late.registerFactor(payload, { friendlyName: "Late", appId: "com.example.web" });
  assert.equal((await late.challenges.list(enrolled.sid)).challenges.length, 0);
  await late.deleteFactor(enrolled.sid);
  await late.close();
  assert.equal((await entity.factors.list()).length, 1);
});

test("a factor that is deleted on the server ends the listening", async () => {
  const listened = device.listen(factor.sid);
  await listened.next();
  const coming = listened.next();
  await entity.factors(factor.sid).remove();
  await assert.rejects(coming, FactorDeletedError);
  await device.deleteFactor(factor.sid);
  assert.deepEqual(await device.factors.all(), []);
});

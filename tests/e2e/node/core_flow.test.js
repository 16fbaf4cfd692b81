// The core flow with the vendor's Node library against our base URL (contract section 8). tests/e2e/test_node_clients.py
// runs it, and says where the system is: PUSHWARD_BASE_URL, PUSHWARD_ACCOUNT_SID, PUSHWARD_AUTH_TOKEN.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import twilio from "twilio";

import { Device } from "./device.js";
import { Receiver } from "./receiver.js";

const { PUSHWARD_BASE_URL: baseUrl, PUSHWARD_ACCOUNT_SID: accountSid, PUSHWARD_AUTH_TOKEN: authToken } = process.env;
const client = twilio(accountSid, authToken);
client.verify.baseUrl = baseUrl;
const identity = randomUUID();

let receiver, service, entity, device;

before(async () => {
  receiver = await Receiver.listening();
});

after(() => receiver.close());

test("a service is created and changed", async () => {
  const created = await client.verify.v2.services.create({ friendlyName: "Node", "totp.skew": 2, codeLength: 8 });
  service = client.verify.v2.services(created.sid);
  assert.deepEqual(created.totp, { issuer: "Node", time_step: 30, code_length: 6, skew: 2 });
  const changed = await service.update({ friendlyName: "Knoten", "push.fcmCredentialSid": `CR${"b".repeat(32)}` });
  assert.equal(changed.friendlyName, "Knoten");
  assert.equal(changed.codeLength, 8);
  assert.equal(changed.push.fcm_credential_sid, `CR${"b".repeat(32)}`);
  assert.ok((await service.fetch()).dateCreated instanceof Date);
});

test("a webhook is registered", async () => {
  const webhook = await service.webhooks.create({ friendlyName: "Node", eventTypes: ["*"], webhookUrl: receiver.url });
  assert.deepEqual([webhook.eventTypes, webhook.status, webhook.webhookMethod], [["*"], "enabled", "POST"]);
});

test("an entity is created", async () => {
  entity = service.entities(identity);
  const created = await service.entities.create({ identity });
  assert.deepEqual([created.identity, (await entity.fetch()).sid], [identity, created.sid]);
});

test("a device enrols with an access token", async () => {
  const { sid, token } = await service.accessTokens.create({ identity, factorType: "push", ttl: 120 });
  assert.deepEqual([(await service.accessTokens(sid).fetch()).ttl, typeof token], [120, "string"]);
  device = await Device.enrolled(baseUrl, { token, serviceSid: (await service.fetch()).sid, identity });
  const factor = await entity.factors(device.sid).fetch();
  assert.deepEqual([factor.status, factor.factorType, factor.friendlyName], ["verified", "push", "Node's phone"]);
});

for (const decision of ["approved", "denied"]) {
  test(`a challenge is ${decision}`, async () => {
    const fields = [{ label: "IP", value: "192.0.2.1" }, { label: "Wo", value: "Köln/Süd" }];
    const created = await entity.challenges.create({
      factorSid: device.sid,
      "details.message": "Log in?",
      "details.fields": fields,
      hiddenDetails: { order: "17" },
      expirationDate: new Date(Date.now() + 600_000),
    });
    assert.equal(created.status, "pending");
    assert.deepEqual(created.details, { message: "Log in?", fields });
    assert.deepEqual(created.hiddenDetails, { order: "17" });
    await device.answer(created.sid, decision);
    const seen = await entity.challenges(created.sid).fetch();
    assert.equal(seen.status, decision);
    assert.ok(seen.dateResponded >= seen.dateCreated);
  });
}

test("the library's own validator accepts each webhook, and nothing else", async () => {
  for (const type of ["factor.created", "factor.verified", "challenge.approved", "challenge.denied"]) {
    const { headers, form } = await receiver.of(type);
    const signature = headers["x-twilio-signature"];
    assert.equal(form.factor_sid, device.sid);
    assert.ok(twilio.validateRequest(authToken, signature, receiver.url, form), type);
    assert.ok(!twilio.validateRequest(authToken, signature, receiver.url, { ...form, type: "factor.lost" }), type);
    assert.ok(!twilio.validateRequest(`${authToken}x`, signature, receiver.url, form), type);
  }
});

test("lists are followed over pages", async () => {
  const listed = await entity.challenges.list({ pageSize: 1, order: "desc" });
  assert.deepEqual(listed.map(({ status }) => status), ["denied", "approved"]);
  const page = await entity.challenges.page({ pageSize: 1 });
  assert.deepEqual((await page.nextPage()).instances.map(({ status }) => status), ["denied"]);
});

test("a refusal is the library's exception with our code", async () => {
  const refusal = { status: 400, code: 60314 };
  const binding = { "binding.alg": "ES256", "binding.publicKey": "MFkwEwYH" };
  const config = { "config.appId": "com.example.app", "config.sdkVersion": "1", "config.notificationPlatform": "none" };
  const factor = { friendlyName: "Phone", factorType: "push", ...binding, ...config };
  await assert.rejects(entity.newFactors.create(factor), refusal);
});

test("what is deleted is gone", async () => {
  assert.ok(await entity.factors(device.sid).remove());
  await assert.rejects(entity.factors(device.sid).fetch(), { status: 404, code: 60390 });
  assert.ok(await entity.remove());
  assert.ok(await service.remove());
  await assert.rejects(service.fetch(), { status: 404, code: 20404 });
});

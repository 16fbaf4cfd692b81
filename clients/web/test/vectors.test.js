// This library against clients/vectors, which every library of Pushward's has to pass.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as library from "../src/index.js";
import { signedPayload } from "../src/answer.js";
import { base64Decode, base64url, base64urlDecode } from "../src/base64.js";
import { checkedBaseUrl } from "../src/base-url.js";
import { challengeFromAnswer, challengePageFromAnswer } from "../src/challenge.js";
import { fetched } from "../src/challenges.js";
import { basicToken } from "../src/device-auth.js";
import { derSignature, rawSignature } from "../src/der.js";
import { EVENT_BYTES_MAX, EventParser } from "../src/event-parser.js";
import { factorFromAnswer } from "../src/factor.js";
import { refusal } from "../src/refusal.js";
import { answerJws, deviceJwt, publicKeyFromSpki, verifyCompact } from "../src/jose.js";
import { messageOf } from "../src/stream.js";
import { decodeUtf8 } from "../src/strict-json.js";
import { ScriptedEdge, StoreWithKey, bodyOf, bytesOf, read, signer, spkiOf } from "./support/vectors.js";

const PAYLOADS = read("payloads.json");
const REQUESTS = read("requests.json");
const SIGNATURE_FIELDS_HEADER = "Twilio-Verify-Signature-Fields";

const each = (file, section, check) => {
  for (const one of read(file)[section]) test(`${file} ${section}: ${one.name}`, () => check(one));
};

// The case's error if it has one; what `work` does otherwise.
async function orError({ error }, work) {
  if (error === undefined) return work();
  await assert.rejects(
    async () => work(),
    (thrown) => checkError(thrown, error),
  );
}

function checkError(thrown, expected) {
  const { class: name, ...members } = typeof expected === "string" ? { class: expected } : expected;
  assert.equal(thrown.constructor, library[name], `${thrown}`);
  for (const [member, value] of Object.entries(members)) assert.deepEqual(thrown[camel(member)] ?? null, value, member);
  return true;
}

function camel(name) {
  if (name === "message") return "serverMessage";
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
}

const textOf = (one) => {
  try {
    return decodeUtf8(bodyOf(one));
  } catch (error) {
    throw new library.AnswerFormatError("not UTF-8", { cause: error });
  }
};

each("keys.json", "keys", async ({ name, public_spki_base64: spki }) => {
  const key = await publicKeyFromSpki(spki);
  const token = await answerJws("{}", await signer(name));
  assert.deepEqual((await verifyCompact(token, key)).payload, {});
  assert.equal(spkiOf(name), spki);
});

each("keys.json", "signature_encodings", ({ der_base64: der, raw_base64: raw }) => {
  assert.deepEqual(rawSignature(bytesOf(der)), bytesOf(raw));
  assert.deepEqual(derSignature(bytesOf(raw)), bytesOf(der));
});

each("keys.json", "proofs_of_possession", ({ auth_payload_example: der, raw_base64: raw }) => {
  assert.deepEqual(derSignature(bytesOf(raw)), base64Decode(der));
});

each("keys.json", "invalid_raw_signatures", ({ raw_base64: raw }) => {
  assert.throws(() => derSignature(bytesOf(raw)), RangeError);
});

each("keys.json", "invalid_public_keys", async ({ public_spki_base64: spki }) => {
  await assert.rejects(publicKeyFromSpki(spki), library.TokenInvalidError);
});

each("tokens.json", "device_jwts", async (one) => {
  const claims = { credentialSid: one.credential_sid, accountSid: one.account_sid, nowSeconds: one.now_seconds };
  const ours = await deviceJwt({ ...claims, sign: await signer(one.key) });
  for (const token of [ours, one.example]) {
    const { header, payload } = await verifyCompact(token, await publicKeyFromSpki(spkiOf(one.key)));
    assert.deepEqual([header, payload], [one.header, one.payload]);
  }
});

each("tokens.json", "authorizations", ({ token, header }) => assert.equal(basicToken(token), header));

each("tokens.json", "base64url", ({ bytes_base64: bytes, text }) => {
  assert.equal(base64url(bytesOf(bytes)), text);
  assert.deepEqual(base64urlDecode(text), bytesOf(bytes));
});

each("tokens.json", "invalid_base64url", ({ text }) => assert.throws(() => base64urlDecode(text), SyntaxError));

each("tokens.json", "receipts", (one) =>
  orError(one, async () => {
    assert.deepEqual((await library.verifyReceipt(one.jws, one.public_spki_base64)).members, one.payload);
  }),
);

each("payloads.json", "cases", (one) =>
  orError(one, async () => {
    const payload = signedPayload(shown(one), one.decision, one.mode ?? undefined);
    const token = await answerJws(payload, await signer("device"));
    const signed = await verifyCompact(token, await publicKeyFromSpki(spkiOf("device")));
    assert.deepEqual(signed, { header: PAYLOADS.jws_header, payload: one.payload });
  }),
);

function shown(one) {
  const text = textOf(one);
  if (one.read_by === "list") {
    return challengePageFromAnswer(`{"challenges":[${text}],"meta":{"next_page_url":null}}`).challenges[0];
  }
  const answer = { text, signatureFields: one.headers[SIGNATURE_FIELDS_HEADER] ?? null };
  return fetched(answer, PAYLOADS.factor_sid, PAYLOADS.challenge_sid);
}

each("answers.json", "challenges", (one) =>
  orError(one, () => assert.deepEqual(challengeMembers(challengeFromAnswer(textOf(one), [])), one.reads)),
);

each("answers.json", "factors", (one) =>
  orError(one, () => {
    const factor = factorFromAnswer(textOf(one), { serviceSid: "VA", identity: "user", keyId: "k", appId: "a" });
    assert.deepEqual(Object.fromEntries(Object.keys(one.reads).map((name) => [name, factor[camel(name)]])), one.reads);
  }),
);

each("answers.json", "pages", (one) =>
  orError(one, () => assert.deepEqual(pageMembers(challengePageFromAnswer(textOf(one))), one.reads)),
);

function challengeMembers(challenge) {
  return {
    sid: challenge.sid,
    factor_sid: challenge.factorSid,
    status: challenge.status,
    message: challenge.message,
    fields: challenge.fields.map((line) => ({ ...line })),
    hidden_details: Object.fromEntries(Object.entries(challenge.hiddenDetails)),
    expiration_date_seconds: challenge.expirationDate.getTime() / 1000,
    date_created_seconds: challenge.dateCreated.getTime() / 1000,
  };
}

function pageMembers({ challenges, nextPageToken }) {
  return { challenges: challenges.map(challengeMembers), next_page_token: nextPageToken };
}

for (const section of ["server_writes", "cases"]) {
  each("errors.json", section, (one) => {
    const response = new Response(null, { status: one.status, headers: one.headers });
    checkError(refusal(response, bodyOf(one)), one.error);
  });
}

for (const [file, section] of [
  ["requests.json", "cases"],
  ["errors.json", "clock_cases"],
  ["silent.json", "cases"],
]) {
  each(file, section, async (one) => {
    const here = REQUESTS.device;
    const isEnrolled = one.starts_with === "a verified factor";
    const store = isEnrolled ? await StoreWithKey.holding(here.key, fromWire(here.factor)) : new library.MemoryStore();
    await store.setClockCorrectionSeconds(one.clock_correction_seconds ?? 0);
    const edge = new ScriptedEdge(here.base_url, one.exchanges, isEnrolled ? spkiOf(here.key) : null);
    const clock = { now: () => here.now_seconds, sleep: stillSleep };
    const device = await library.PushwardDevice.open({ baseUrl: here.base_url, store, fetch: edge.fetch, clock });
    await orError(one, async () => {
      const expected = one.operation === "listen" ? one.first : (one.result ?? undefined);
      assert.deepEqual(await OPERATIONS[one.operation](device, one.arguments), expected);
    });
    assert.equal(edge.played, one.exchanges.length);
    if ("factors_after" in one)
      assert.deepEqual(
        (await device.factors.all()).map(({ sid }) => sid),
        one.factors_after,
      );
    const correction = one.clock_correction_after_seconds;
    if (correction !== undefined) assert.equal(await store.clockCorrectionSeconds(), correction);
    await device.close();
  });
}

const stillSleep = (_, signal) =>
  new Promise((__, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

const fromWire = (members) => Object.fromEntries(Object.entries(members).map(([name, value]) => [camel(name), value]));
const options = ({ factor_sid: _, challenge_sid: __, ...rest }) => fromWire(rest);
const shownFactor = (factor) =>
  Object.fromEntries(Object.keys(REQUESTS.device.factor).map((name) => [name, factor[camel(name)]]));

const OPERATIONS = {
  register_factor: async (device, { payload, ...rest }) =>
    shownFactor(await device.registerFactor(fromWire(payload), fromWire(rest))),
  verify_factor: async (device, given) => shownFactor(await device.verifyFactor(given.factor_sid)),
  update_factor: async (device, given) => shownFactor(await device.updateFactor(given.factor_sid, options(given))),
  delete_factor: (device, given) => device.deleteFactor(given.factor_sid),
  "challenges.list": async (device, given) =>
    pageMembers(await device.challenges.list(given.factor_sid, options(given))),
  "challenges.list_all": async (device, given) => {
    const all = [];
    for await (const one of device.challenges.iterate(given.factor_sid, options(given)))
      all.push(challengeMembers(one));
    return all;
  },
  "challenges.get": async (device, given) => challengeMembers(await got(device, given)),
  "challenges.approve": async (device, given) =>
    challengeMembers(await device.challenges.approve(await got(device, given))),
  "challenges.deny": async (device, given) => challengeMembers(await device.challenges.deny(await got(device, given))),
  approve_silently: async (device, given) =>
    challengeMembers(await device.approveSilently(given.factor_sid, options(given))),
  approve_silently: async (device, given) =>
    challengeMembers(await device.approveSilently(given.factor_sid, expected(given))),
  listen: async (device, given) => {
    for await (const one of device.listen(given.factor_sid)) return challengeMembers(one);
  },
};

const expected = ({ factor_sid: _, ...rest }) => fromWire(rest);
const got = (device, given) => device.challenges.get(given.factor_sid, given.challenge_sid);

each("requests.json", "base_urls", (one) => orError(one, () => checkedBaseUrl(one.base_url)));

for (const section of ["server_writes", "cases"]) {
  each("streams.json", section, async (one) => {
    const stream = bodyOf(one);
    const everyByte = Array.from(stream, (byte) => Uint8Array.of(byte));
    const inTwo = Array.from(stream, (_, at) => [stream.subarray(0, at), stream.subarray(at)]);
    for (const chunks of [[stream], everyByte, ...inTwo]) {
      const said = [];
      await orError(one, () => {
        const parser = new EventParser();
        for (const chunk of chunks) said.push(...parser.feed(chunk).map(messageOf).filter(Boolean).map(wireMessage));
      });
      assert.deepEqual(said, one.says);
    }
  });
}

function wireMessage({ kind, challengeSid, factorSid, reason }) {
  return kind === "end" ? { end: reason } : { challenge_sid: challengeSid, factor_sid: factorSid };
}

test("streams.json: the bound of an event is the same in every library", () => {
  assert.equal(read("streams.json").event_bytes_max, EVENT_BYTES_MAX);
  const tooLong = new TextEncoder().encode(`data: ${"x".repeat(EVENT_BYTES_MAX)}\n\n`);
  // Where the network cuts must not decide what is read.
  for (const end of [tooLong.length, tooLong.length - 2]) {
    assert.throws(() => new EventParser().feed(tooLong.subarray(0, end)), library.AnswerFormatError);
  }
});

// Properties of whatever reads what a server, a proxy or an attacker sends: it takes the input, or throws what it documents.
// A failure shows its seed and path; PUSHWARD_FUZZ_EXAMPLES asks for more examples.

import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { AnswerFormatError, PushwardDeviceError } from "../src/index.js";
import { signedPayload } from "../src/answer.js";
import { base64url, base64urlDecode } from "../src/base64.js";
import { challengeFromAnswer, challengePageFromAnswer } from "../src/challenge.js";
import { derSignature, rawSignature } from "../src/der.js";
import { EventParser } from "../src/event-parser.js";
import { factorFromAnswer } from "../src/factor.js";
import { refusal } from "../src/refusal.js";
import { messageOf } from "../src/stream.js";
import { parseObject } from "../src/strict-json.js";

const numRuns = Number(process.env.PUSHWARD_FUZZ_EXAMPLES ?? 300);

const property = (name, ...rest) => test(name, () => fc.assert(fc.property(...rest), { numRuns }));

const well = (text) => !/\p{Surrogate}/u.test(text);
const texts = fc.string({ unit: "binary", maxLength: 12 }).filter(well);
const names = fc.oneof(texts, fc.constantFrom("__proto__", "constructor", "", "a", "status"));
const numbers = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), numbers, texts),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc.dictionary(names, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));
const objects = fc.dictionary(names, values, { maxKeys: 5, noNullPrototype: true });
const spaces = fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 2 });

// JSON text of a value with white space and escapes wherever they may be.
function written(value, space, isEscaped) {
  const string = (text) =>
    isEscaped
      ? `"${Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`).join("")}"`
      : JSON.stringify(text);
  const write = (one) => {
    if (typeof one === "string") return string(one);
    if (Array.isArray(one)) return `[${space}${one.map(write).join(`${space},${space}`)}${space}]`;
    if (one === null || typeof one !== "object") return JSON.stringify(one);
    return `{${space}${Object.entries(one)
      .map(([name, inner]) => `${string(name)}${space}:${space}${write(inner)}`)
      .join(`${space},${space}`)}${space}}`;
  };
  return write(value);
}

property(
  "an object is read as it was written, and each member's own text says the same",
  objects,
  spaces,
  fc.boolean(),
  (value, space, isEscaped) => {
    const expected = JSON.parse(JSON.stringify(value));
    const parsed = parseObject(space + written(value, space, isEscaped) + space);
    assert.deepEqual(parsed.value, expected);
    assert.deepEqual([...parsed.sources.keys()].sort(), Object.keys(expected).sort());
    for (const [name, source] of parsed.sources) assert.deepEqual(JSON.parse(source), expected[name]);
  },
);

property(
  "a member that comes twice is refused, however deep",
  objects,
  names,
  values,
  fc.array(fc.constantFrom("[", "{"), { maxLength: 5 }),
  (value, name, inner, way) => {
    const twice = written({ ...value, [name]: inner }, "", false);
    const doubled = `${twice.slice(0, -1)},${written({ [name]: null }, "", true).slice(1)}`;
    const deep = way.reduceRight((text, open) => (open === "[" ? `[${text}]` : `{"in":${text}}`), doubled);
    assert.throws(() => parseObject(`{"top":${deep}}`), /duplicate member/);
  },
);

property(
  "any text is an object with one meaning, or a SyntaxError",
  fc.oneof(fc.string({ unit: "binary" }), fc.json(), mutated()),
  (text) => {
    try {
      const { value, sources } = parseObject(text);
      assert.deepEqual(value, JSON.parse(text));
      assert.equal(sources.size, Object.keys(value).length);
    } catch (error) {
      assert.ok(error instanceof SyntaxError, `${error}`);
    }
  },
);

const READERS = [
  (text) => challengeFromAnswer(text, []),
  challengePageFromAnswer,
  (text) => factorFromAnswer(text, { serviceSid: "VA", identity: "user", keyId: "k", appId: "a" }),
];

property(
  "any answer is read, or an AnswerFormatError",
  fc.oneof(
    mutated(),
    objects.map((value) => JSON.stringify(value)),
  ),
  (text) => {
    for (const read of READERS) {
      try {
        read(text);
      } catch (error) {
        assert.ok(error instanceof AnswerFormatError, `${error}`);
      }
    }
  },
);

property(
  "what is signed says what the answer says, but for the status",
  mutated(),
  fc.array(names, { maxLength: 3 }),
  (text, more) => {
    try {
      const challenge = challengeFromAnswer(text, ["sid", "factor_sid", "status", "details", ...more]);
      const { value } = parseObject(text);
      const { value: signed } = parseObject(signedPayload(challenge, "denied"));
      assert.equal(signed.status, "denied");
      for (const name of Object.keys(signed)) if (name !== "status") assert.deepEqual(signed[name], value[name]);
      assert.equal(signed.details.message, challenge.message);
    } catch (error) {
      assert.ok(error instanceof PushwardDeviceError, `${error}`);
    }
  },
);

property(
  "any body of a refusal makes an error",
  fc.uint8Array(),
  fc.integer({ min: 300, max: 599 }),
  (body, status) => {
    assert.equal(refusal(new Response(null, { status }), body).status, status);
  },
);

const lines = fc.constantFrom(
  "data: x",
  "data",
  "event: challenge",
  "event: end",
  ": comment",
  'data: {"reason":"x"}',
  "id: 1",
  "",
  "",
  "é\u2028",
  "\ufeff",
);
const streams = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .array(fc.tuple(lines, fc.constantFrom("\n", "\r", "\r\n")), { maxLength: 20 })
    .map((all) => new TextEncoder().encode(all.flat().join(""))),
);

property(
  "a stream says the same however its bytes arrive, or is refused",
  streams,
  fc.array(fc.nat(200)),
  (bytes, places) => {
    const cuts = [0, ...places.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length];
    const chunks = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
    assert.deepEqual(said(chunks), said([bytes]));
  },
);

// What a parser makes of the chunks, as far as it takes them.
function said(chunks) {
  const parser = new EventParser();
  try {
    return chunks.flatMap((chunk) => parser.feed(chunk)).map(messageOf);
  } catch (error) {
    assert.ok(error instanceof AnswerFormatError, `${error}`);
    return "refused";
  }
}

property("a signature goes into DER and back", fc.uint8Array({ minLength: 64, maxLength: 64 }), (raw) => {
  assert.deepEqual(rawSignature(derSignature(raw)), raw);
});

property("DER that is read has one form", fc.oneof(fc.uint8Array({ maxLength: 80 }), almostDer()), (der) => {
  try {
    assert.deepEqual(derSignature(rawSignature(der)), new Uint8Array(der));
  } catch (error) {
    assert.ok(error instanceof RangeError, `${error}`);
  }
});

property(
  "base64url that is read has one form",
  fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."AZaz09-_=+/") })),
  (text) => {
    try {
      assert.equal(base64url(base64urlDecode(text)), text);
    } catch (error) {
      assert.ok(error instanceof SyntaxError, `${error}`);
    }
  },
);

// A challenge's answer in which something was replaced, left out or put in.
function mutated() {
  const answer = JSON.stringify({
    sid: "YC1",
    factor_sid: "YF1",
    status: "pending",
    details: { message: "Log in?", fields: [{ label: "IP", value: "192.0.2.7" }] },
    hidden_details: { transaction_id: "t-1" },
    expiration_date: "2027-01-15T08:05:00Z",
    date_created: "2027-01-15T08:00:00.5+01:00",
  });
  const pieces = fc.oneof(
    texts,
    fc.constantFrom("", '"', "\\", ",", "null", "1e999", '"sid":"YC2",', "{}", "[]", "\\u0000", "\\ud800"),
  );
  const change = fc.tuple(fc.nat(answer.length), fc.nat(6), pieces);
  return fc
    .array(change, { maxLength: 2 })
    .map((changes) =>
      changes.reduce((text, [at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length), answer),
    );
}

function almostDer() {
  const raw = fc.uint8Array({ minLength: 64, maxLength: 64 });
  return fc.tuple(raw, fc.nat(71), fc.nat(255)).map(([signature, at, byte]) => {
    const der = derSignature(signature);
    if (at < der.length) der[at] = byte;
    return der;
  });
}

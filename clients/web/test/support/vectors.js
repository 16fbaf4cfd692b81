// clients/vectors as its README describes it: cases, bodies, keys, and an edge that plays a case's exchanges.

import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";

import { MemoryStore } from "../../src/index.js";
import { signWith } from "../../src/key-pair.js";
import { KEY_ALGORITHM } from "../../src/jose.js";
import { basicCredentials, hasSignedDer, publicKey, signedJws } from "./checks.js";

export const read = (name) => JSON.parse(readFileSync(new URL(`../../../vectors/${name}`, import.meta.url), "utf8"));
export const bytesOf = (base64) => new Uint8Array(Buffer.from(base64, "base64"));

export function bodyOf(holder) {
  if ("body_base64" in holder) return bytesOf(holder.body_base64);
  return new TextEncoder().encode("body" in holder ? holder.body : JSON.stringify(holder.body_json));
}

const keys = read("keys.json").keys;
const named = (name) => keys.find((key) => key.name === name);

export function privateKey(name) {
  return crypto.subtle.importKey("jwk", named(name).private_jwk, KEY_ALGORITHM, false, ["sign"]);
}

export async function signer(name) {
  const key = await privateKey(name);
  return (message) => signWith(key, message);
}

export function spkiOf(name) {
  const key = createPrivateKey({ key: named(name).private_jwk, format: "jwk" });
  assert.equal(key.asymmetricKeyType, "ec");
  return named(name).public_spki_base64;
}

// A store that holds a key of keys.json from the start, by the name "key".
export class StoreWithKey extends MemoryStore {
  #sign;

  static async holding(name, factor) {
    const store = new StoreWithKey();
    store.#sign = await signer(name);
    await store.ensureKey("key");
    await store.putFactor({ ...factor, keyId: "key" });
    return store;
  }

  async sign(keyId, message) {
    return keyId === "key" ? this.#sign(message) : super.sign(keyId, message);
  }
}

// Plays the exchanges of a case, in their order and no others.
export class ScriptedEdge {
  played = 0;
  #baseUrl;
  #exchanges;
  #publicKey;

  constructor(baseUrl, exchanges, spkiB64) {
    this.#baseUrl = baseUrl;
    this.#exchanges = exchanges;
    this.#publicKey = spkiB64 && publicKey(spkiB64);
  }

  fetch = async (url, init) => {
    const exchange = this.#exchanges[this.played++];
    assert.ok(exchange, `one request too many: ${init.method} ${url}`);
    this.#compare(new URL(url), new Request(url, init), String(init.body ?? ""), exchange.request);
    const { status, headers, stays_open: staysOpen } = exchange.answer;
    const content = bodyOf(exchange.answer);
    const body = staysOpen ? openBody(content, init.signal) : content;
    return new Response([204, 304].includes(status) ? null : body, { status, headers });
  };

  #compare(url, request, body, expected) {
    assert.deepEqual([request.method, url.origin, url.pathname], [expected.method, this.#baseUrl, expected.path]);
    assert.deepEqual(pairs(url.search), expected.query);
    for (const [name, value] of Object.entries(expected.headers)) assert.equal(request.headers.get(name), value);
    if (expected.form === null) assert.equal(body, "");
    else this.#compareForm(request, pairs(body), expected.form);
    const { user, token } = basicCredentials(request.headers.get("Authorization"));
    assert.equal(user, expected.authorization.user);
    if ("access_token" in expected.authorization) assert.equal(token, expected.authorization.access_token);
    else this.#compareJws(token, expected.authorization.device_jwt);
  }

  #compareForm(request, form, expected) {
    assert.match(request.headers.get("Content-Type"), /^application\/x-www-form-urlencoded(;charset=UTF-8)?$/i);
    assert.deepEqual(Object.keys(form).sort(), Object.keys(expected).sort());
    for (const [name, value] of Object.entries(form)) this.#compareValue(value, expected[name]);
  }

  #compareValue(value, expected) {
    if (typeof expected === "string") assert.equal(value, expected);
    else if ("public_key" in expected) this.#publicKey = publicKey(value);
    else if ("json" in expected) assert.deepEqual(JSON.parse(value), expected.json);
    else if ("sdk_version" in expected) assert.ok(value);
    else if ("jws" in expected) this.#compareJws(value, expected.jws);
    else assert.ok(hasSignedDer(this.#publicKey, Buffer.from(value, "base64"), expected.der_signature_over));
  }

  #compareJws(token, { header, payload }) {
    const signed = signedJws(token, this.#publicKey);
    assert.deepEqual([signed.header, signed.payload], [header, payload]);
  }
}

function openBody(content, signal) {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(content);
      signal.addEventListener("abort", () => controller.error(signal.reason));
    },
  });
}

function pairs(text) {
  const found = [...new URLSearchParams(text)];
  assert.equal(new Set(found.map(([name]) => name)).size, found.length, "a name comes twice");
  return Object.fromEntries(found);
}

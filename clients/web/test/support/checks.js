// What the fake edge checks with Node's own cryptography alone, so that the library can't vouch for itself.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";

export function publicKey(spkiB64) {
  const key = createPublicKey({ key: Buffer.from(spkiB64, "base64"), format: "der", type: "spki" });
  assert.equal(key.asymmetricKeyDetails.namedCurve, "prime256v1");
  assert.equal(key.export({ format: "der", type: "spki" }).toString("base64"), spkiB64);
  return key;
}

export function hasSignedDer(key, signature, message) {
  return verify("sha256", Buffer.from(message), key, signature);
}

// Header, payload and the payload's text of a compact JWS, or null if this key didn't sign it.
export function signedJws(token, key) {
  const [header, payload, signature, ...more] = token.split(".");
  assert.equal(more.length, 0);
  assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  const raw = Buffer.from(signature, "base64url");
  const input = Buffer.from(`${header}.${payload}`);
  if (raw.length !== 64 || !verify("sha256", input, { key, dsaEncoding: "ieee-p1363" }, raw)) return null;
  const text = Buffer.from(payload, "base64url").toString();
  return { header: JSON.parse(Buffer.from(header, "base64url")), payload: JSON.parse(text), text };
}

export function basicCredentials(authorization) {
  const [scheme, encoded] = authorization.split(" ");
  assert.equal(scheme, "Basic");
  const [, user, token] = /^([^:]*):(.*)$/.exec(Buffer.from(encoded, "base64").toString());
  return { user, token };
}

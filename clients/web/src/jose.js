/**
 * The little of JOSE that the device protocol needs: ES256 over compact JWS.
 *
 * ES256 only, always; the algorithm is never taken from the token. base64url is canonical: no padding, no foreign
 * characters, no stray bits.
 */

import { base64Decode, base64url, base64urlDecode } from "./base64.js";
import { SIGNATURE_BYTES } from "./der.js";
import { TokenInvalidError } from "./errors.js";
import { decodeUtf8, own, parseObject } from "./strict-json.js";
import { subtle } from "./web-crypto.js";

/** @import { JsonObject } from "./strict-json.js" */

/**
 * ECDSA with SHA-256 on P-256; answers `r || s`, 64 bytes.
 *
 * @typedef {(message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>} SignRaw
 */

export const JWT_LIFETIME_SECONDS = 600;
export const KEY_ALGORITHM = Object.freeze({ name: "ECDSA", namedCurve: "P-256" });
export const SIGNATURE_ALGORITHM = Object.freeze({ name: "ECDSA", hash: "SHA-256" });

const DEVICE_JWT_CONTENT_TYPE = "twilio-pba;v=1";
const SPKI_BYTES = 91;

/**
 * The token of every call after enrolment (contract §3.4); valid for `JWT_LIFETIME_SECONDS`.
 *
 * @param {{ credentialSid: string, accountSid: string, nowSeconds: number, sign: SignRaw }} claims
 * @returns {Promise<string>}
 */
export function deviceJwt({ credentialSid, accountSid, nowSeconds, sign }) {
  const header = { cty: DEVICE_JWT_CONTENT_TYPE, kid: credentialSid, typ: "JWT", alg: "ES256" };
  const payload = { sub: accountSid, exp: nowSeconds + JWT_LIFETIME_SECONDS, nbf: nowSeconds };
  return signCompact(header, JSON.stringify(payload), sign);
}

/**
 * The signed answer to a challenge (contract §3.7).
 *
 * @param {string} payload JSON
 * @param {SignRaw} sign
 * @returns {Promise<string>}
 */
export function answerJws(payload, sign) {
  return signCompact({ typ: "JWT", alg: "ES256" }, payload, sign);
}

/**
 * Header and payload of a compact JWS that `publicKey` signed. Rejects with TokenInvalidError.
 *
 * @param {string} token
 * @param {CryptoKey} publicKey
 * @returns {Promise<{ header: JsonObject, payload: JsonObject }>}
 */
export async function verifyCompact(token, publicKey) {
  const parts = token.split(".");
  if (parts.length !== 3) throw new TokenInvalidError("The token isn't three parts separated by dots.");
  const [headerPart, payloadPart, signaturePart] = /** @type {[string, string, string]} */ (parts);
  const header = partObject(headerPart);
  if (own(header, "alg") !== "ES256" || own(header, "typ") !== "JWT") {
    throw new TokenInvalidError("The token's alg must be ES256 and its typ JWT.");
  }
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) {
    throw new TokenInvalidError("The token asks for an extension that isn't known here.");
  }
  const signature = partBytes(signaturePart);
  if (signature.length !== SIGNATURE_BYTES) throw new TokenInvalidError("The signature isn't 64 bytes long.");
  const input = new TextEncoder().encode(`${headerPart}.${payloadPart}`);
  if (!(await subtle().verify(SIGNATURE_ALGORITHM, publicKey, signature, input))) {
    throw new TokenInvalidError("The signature isn't this key's, or the token was changed.");
  }
  return { header, payload: partObject(payloadPart) };
}

/**
 * The P-256 key of a `Binding.PublicKey`: standard base64 of SubjectPublicKeyInfo DER, 91 bytes (contract §3.1).
 * Rejects with TokenInvalidError.
 *
 * @param {string} text
 * @returns {Promise<CryptoKey>}
 */
export async function publicKeyFromSpki(text) {
  const cryptography = subtle();
  try {
    const spki = base64Decode(text);
    if (spki.length !== SPKI_BYTES) throw new RangeError("another length");
    return await cryptography.importKey("spki", spki, KEY_ALGORITHM, true, ["verify"]);
  } catch (error) {
    throw new TokenInvalidError("The public key isn't base64 of a P-256 SubjectPublicKeyInfo.", { cause: error });
  }
}

/** @param {object} header @param {string} payload @param {SignRaw} sign */
async function signCompact(header, payload, sign) {
  const encoder = new TextEncoder();
  const input = `${base64url(encoder.encode(JSON.stringify(header)))}.${base64url(encoder.encode(payload))}`;
  return `${input}.${base64url(await sign(encoder.encode(input)))}`;
}

/** @param {string} part @returns {JsonObject} */
function partObject(part) {
  const bytes = partBytes(part);
  try {
    return parseObject(decodeUtf8(bytes)).value;
  } catch (error) {
    throw new TokenInvalidError("A part of the token isn't JSON with one clear meaning.", { cause: error });
  }
}

/** @param {string} part */
function partBytes(part) {
  try {
    return base64urlDecode(part);
  } catch (error) {
    throw new TokenInvalidError("A part of the token isn't canonical base64url.", { cause: error });
  }
}

/**
 * What is inside of credentials, tokens, forms and signatures, for people to read. Checks nothing: that is done elsewhere.
 */

/**
 * @typedef {{ header: string, payload: string, signature: string }} Jws Header and payload as indented JSON.
 * @typedef {{ kind: string, user: string, password: string, jws: Jws | null }} Credentials
 */

const TOKEN_USER = "token";
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const EPOCH_CLAIMS = /** @type {const} */ (["nbf", "exp"]);

/**
 * @param {string} value Of an Authorization header.
 * @returns {Credentials | null} Null if they aren't HTTP Basic.
 */
export function credentials(value) {
  const [scheme, encoded] = value.split(" ");
  if (scheme?.toLowerCase() !== "basic" || encoded === undefined) return null;
  const text = decoded(() => bytesToText(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))));
  if (text === null) return null;
  const colon = text.indexOf(":");
  const user = text.slice(0, colon);
  const password = text.slice(colon + 1);
  const token = jws(password);
  const kind = token
    ? "device token"
    : user === TOKEN_USER
      ? "access token, good for one enrolment"
      : "credentials of an account";
  return { kind, user, password, jws: token };
}

/**
 * @param {string} text
 * @returns {Jws | null} Null if it isn't a compact JWS.
 */
export function jws(text) {
  if (!COMPACT_JWS.test(text)) return null;
  const [header, payload, signature] = text.split(".").map(String);
  const parts = [header, payload].map((part) => json(decoded(() => base64urlText(String(part))) ?? ""));
  return parts[0] && parts[1] ? { header: parts[0], payload: parts[1], signature: String(signature) } : null;
}

/**
 * @param {string} text
 * @returns {string | null} Indented; null if it isn't a JSON object or list.
 */
export function json(text) {
  const value = decoded(() => JSON.parse(text));
  return typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : null;
}

/**
 * What the times of a token's payload mean.
 *
 * @param {Jws} token
 * @returns {[string, string][]}
 */
export function tokenTimes(token) {
  const claims = JSON.parse(token.payload);
  return EPOCH_CLAIMS.filter((name) => Number.isFinite(claims[name])).map((name) => [
    name === "nbf" ? "not before" : "expires",
    new Date(claims[name] * 1000).toLocaleString(),
  ]);
}

/**
 * @param {string} body An HTML form.
 * @returns {[string, string][]}
 */
export function form(body) {
  return [...new URLSearchParams(body)];
}

/** @param {string} text */
function base64urlText(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return bytesToText(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}

/** @param {Uint8Array} bytes */
function bytesToText(bytes) {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

/**
 * @template T
 * @param {() => T} decode
 * @returns {T | null}
 */
function decoded(decode) {
  try {
    return decode();
  } catch {
    return null;
  }
}

/**
 * A device's key: P-256, made by the browser, its private half never to be exported (contract §3.1).
 *
 * @typedef {object} KeyPair
 * @property {CryptoKey} privateKey Not extractable: a script may use it while it runs, and can't take it along.
 * @property {string} publicKeySpkiB64 The public half as `Binding.PublicKey`.
 */

import { base64 } from "./base64.js";
import { KEY_ALGORITHM, SIGNATURE_ALGORITHM } from "./jose.js";
import { subtle } from "./web-crypto.js";

const PRIVATE_KEY_IS_EXTRACTABLE = false;

/**
 * A new key. Rejects with KeyStoreAccessError where the browser has no cryptography for this page.
 *
 * @returns {Promise<KeyPair>}
 */
export async function generateKeyPair() {
  const pair = await subtle().generateKey(KEY_ALGORITHM, PRIVATE_KEY_IS_EXTRACTABLE, ["sign"]);
  const spki = await subtle().exportKey("spki", pair.publicKey);
  return { privateKey: pair.privateKey, publicKeySpkiB64: base64(new Uint8Array(spki)) };
}

/**
 * The raw signature, 64 bytes, ECDSA with SHA-256.
 *
 * @param {CryptoKey} privateKey
 * @param {Uint8Array<ArrayBuffer>} message
 * @returns {Promise<Uint8Array>}
 */
export async function signWith(privateKey, message) {
  return new Uint8Array(await subtle().sign(SIGNATURE_ALGORITHM, privateKey, message));
}

/**
 * The name of the key for an enrolment: SHA-256 of its access token in hexadecimal digits, so that a second try with
 * that token finds the first one's key.
 *
 * @param {string} accessToken
 * @returns {Promise<string>}
 */
export async function keyIdOf(accessToken) {
  const digest = await subtle().digest("SHA-256", new TextEncoder().encode(accessToken));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

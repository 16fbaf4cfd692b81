/** base64 in the two alphabets of the protocol. Decoding takes the canonical form only. */

const CHUNK_BYTES = 0x2000;

/**
 * Standard base64 with padding.
 *
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function base64(bytes) {
  let binary = "";
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK_BYTES));
  }
  return btoa(binary);
}

/**
 * The bytes of standard base64. Throws a SyntaxError unless `text` is exactly what `base64` writes.
 *
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function base64Decode(text) {
  let binary;
  try {
    binary = atob(text);
  } catch (error) {
    throw new SyntaxError("not base64", { cause: error });
  }
  if (btoa(binary) !== text) throw new SyntaxError("not canonical base64");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/**
 * base64url without padding.
 *
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function base64url(bytes) {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The bytes of base64url without padding. Throws a SyntaxError unless `text` is exactly what `base64url` writes.
 *
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function base64urlDecode(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new SyntaxError("not base64url");
  const padding = "=".repeat((4 - (text.length % 4)) % 4);
  return base64Decode(text.replaceAll("-", "+").replaceAll("_", "/") + padding);
}

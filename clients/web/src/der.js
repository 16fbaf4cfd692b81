/**
 * A P-256 signature in its two encodings: `r || s`, each 32 bytes, as WebCrypto and JOSE have it (RFC 7518 §3.4), and
 * DER `SEQUENCE { INTEGER r, INTEGER s }`, as the proof of possession has it (contract §3.3).
 */

const COORDINATE_BYTES = 32;
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const SIGN_BIT = 0x80;

export const SIGNATURE_BYTES = 2 * COORDINATE_BYTES;

/**
 * DER of a raw signature. Throws a RangeError unless it is 64 bytes long.
 *
 * @param {Uint8Array} raw
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function derSignature(raw) {
  if (raw.length !== SIGNATURE_BYTES) throw new RangeError("The signature isn't 64 bytes long.");
  const integers = [...integer(raw.subarray(0, COORDINATE_BYTES)), ...integer(raw.subarray(COORDINATE_BYTES))];
  return Uint8Array.of(SEQUENCE, integers.length, ...integers);
}

/**
 * The raw signature, 64 bytes, of a DER one. Throws a RangeError for anything but strict DER of two such integers.
 *
 * @param {Uint8Array} der
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function rawSignature(der) {
  const raw = new Uint8Array(SIGNATURE_BYTES);
  const sEnd = der.length;
  if (der[0] !== SEQUENCE || der[1] !== sEnd - 2) throw new RangeError("The signature isn't a DER sequence.");
  const rEnd = 4 + (der[3] ?? 0);
  raw.set(coordinate(der.subarray(2, rEnd)), 0);
  raw.set(coordinate(der.subarray(rEnd)), COORDINATE_BYTES);
  return raw;
}

/** @param {Uint8Array} coordinate big-endian @returns {number[]} the shortest INTEGER that isn't negative */
function integer(coordinate) {
  const first = coordinate.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? [0] : [...coordinate.subarray(first)];
  if (/** @type {number} */ (digits[0]) & SIGN_BIT) digits.unshift(0);
  return [INTEGER, digits.length, ...digits];
}

/** @param {Uint8Array} der an INTEGER @returns {Uint8Array} 32 bytes, padded on the left */
function coordinate(der) {
  const first = der.subarray(2).findIndex((byte) => byte !== 0);
  const digits = first < 0 ? new Uint8Array() : der.subarray(2 + first);
  const padded = new Uint8Array(COORDINATE_BYTES);
  if (digits.length > COORDINATE_BYTES) throw new RangeError("A coordinate is longer than 32 bytes.");
  padded.set(digits, COORDINATE_BYTES - digits.length);
  const canonical = integer(padded);
  if (canonical.length !== der.length || canonical.some((byte, index) => byte !== der[index])) {
    throw new RangeError("A coordinate isn't a DER integer in its shortest form.");
  }
  return padded;
}

/**
 * What a device must not lose: its keys, its factors, and how far its clock is off.
 *
 * A key never leaves its store: the library asks the store to sign. A key is made before the enrolment that uses it,
 * named by the caller; a factor points to its key by that name. Each method takes effect wholly or not at all, and has
 * when its promise is fulfilled. `store-contract.js` checks a store of yours.
 *
 * @typedef {object} Store
 * @property {(keyId: string) => Promise<string>} ensureKey The public key of that name, as SPKI in base64; made on
 *   first use.
 * @property {(keyId: string) => Promise<string>} publicKeySpkiB64 The public key of that name. Rejects with
 *   KeyUnknownError.
 * @property {(keyId: string, message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>} sign The raw signature, `r || s`
 *   in 64 bytes, ECDSA with SHA-256 on P-256. Rejects with KeyUnknownError.
 * @property {(keyId: string) => Promise<void>} discardKey Forget a key that no factor uses; a used or unknown one is
 *   left as it is.
 * @property {() => Promise<readonly Factor[]>} factors Every factor, oldest first.
 * @property {(factorSid: string) => Promise<Factor>} factor One factor. Rejects with FactorUnknownError.
 * @property {(factor: Factor) => Promise<void>} putFactor Keep a factor, in place of the one with its SID. Rejects with
 *   KeyUnknownError if its key isn't here.
 * @property {(factorSid: string) => Promise<void>} removeFactor Forget a factor and its key; an unknown one is fine.
 * @property {() => Promise<number>} clockCorrectionSeconds What to add to this device's clock to get the server's; 0
 *   until learnt.
 * @property {(seconds: number) => Promise<void>} setClockCorrectionSeconds Remember how far this device's clock is off.
 * @property {() => Promise<void>} [persist] Ask the platform not to clear this store by itself. Called at an enrolment;
 *   neither awaited nor relied upon.
 * @property {() => Promise<void>} [close] Let go of what is open; the next call opens it again.
 */

import { FactorUnknownError, KeyUnknownError } from "./errors.js";

/** @import { Factor } from "./factor.js" */

/** Enrolments whose outcome is unknown; the oldest key gives way. */
export const KEYS_WITHOUT_FACTOR_MAX = 8;

/** @param {string} factorSid */
export function unknownFactor(factorSid) {
  return new FactorUnknownError(`This key store has no factor ${factorSid}: enrol this device first.`);
}

export function unknownKey() {
  return new KeyUnknownError(
    "This key store no longer has the factor's key; it can't be restored. Delete the factor and enrol again.",
  );
}

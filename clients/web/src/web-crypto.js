/** The browser's cryptography, which a page has only over https or from this machine. */

import { KeyStoreAccessError } from "./errors.js";

/** Throws KeyStoreAccessError where there is none. @returns {SubtleCrypto} */
export function subtle() {
  const available = globalThis.crypto?.subtle;
  if (available === undefined) {
    throw new KeyStoreAccessError("This page has no cryptography: serve it over https, or from this machine.");
  }
  return available;
}

/**
 * A receipt: the signed answer to a challenge, checked offline with the factor's public key and nothing else.
 *
 * It proves that the holder of that key gave this answer to exactly these details. Whose key it is, is for the one who
 * kept it from the enrolment to know. Nothing of a receipt is returned before its signature was found right.
 */

import { statusMember, textMember } from "./answer-format.js";
import { hiddenDetails, shownDetails } from "./challenge.js";
import { AnswerFormatError, ReceiptInvalidError, TokenInvalidError } from "./errors.js";
import { publicKeyFromSpki, verifyCompact } from "./jose.js";

/** @import { Decision } from "./answer.js" */
/** @import { DetailField } from "./challenge.js" */
/** @import { JsonObject } from "./strict-json.js" */

/**
 * What was answered, and to what. `members` holds all that was signed.
 *
 * @typedef {object} ReceiptMembers
 * @property {string} challengeSid
 * @property {string} factorSid
 * @property {Decision} decision
 * @property {string} message
 * @property {readonly DetailField[]} fields
 * @property {Readonly<Record<string, string>>} hiddenDetails
 * @property {JsonObject} members
 */

/** @typedef {Readonly<ReceiptMembers>} Receipt */

/** @type {readonly Decision[]} */
const DECISIONS = Object.freeze(["approved", "denied"]);

/**
 * The receipt that `jws` is, if this key signed it (ES256, 64 bytes of signature). Rejects with ReceiptInvalidError.
 *
 * @param {string} jws
 * @param {string} publicKeySpkiB64
 * @returns {Promise<Receipt>}
 */
export async function verifyReceipt(jws, publicKeySpkiB64) {
  try {
    const { payload } = await verifyCompact(jws, await publicKeyFromSpki(publicKeySpkiB64));
    return Object.freeze({
      challengeSid: textMember(payload, "sid"),
      factorSid: textMember(payload, "factor_sid"),
      decision: statusMember(payload, DECISIONS),
      ...shownDetails(payload),
      hiddenDetails: hiddenDetails(payload),
      members: payload,
    });
  } catch (error) {
    if (error instanceof TokenInvalidError) {
      throw new ReceiptInvalidError(`This isn't a receipt of this key. ${error.message}`, { cause: error });
    }
    if (!(error instanceof AnswerFormatError)) throw error;
    throw new ReceiptInvalidError("The signature is this key's, but it isn't over an answer to a challenge.", {
      cause: error,
    });
  }
}

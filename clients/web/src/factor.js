/** One enrolment of this device, as the store keeps it and apps see it: a frozen plain object. */

import { answerObject, objectMember, statusMember, textMember } from "./answer-format.js";
import { AnswerFormatError } from "./errors.js";

/** @import { JsonObject } from "./strict-json.js" */

/** @typedef {"unverified" | "verified"} FactorStatus */

/**
 * @typedef {object} Factor
 * @property {string} sid
 * @property {string} accountSid
 * @property {string} serviceSid
 * @property {string} identity
 * @property {string} friendlyName
 * @property {FactorStatus} status
 * @property {string} credentialSid
 * @property {string} keyId Names its key in the key store.
 * @property {string} appId
 * @property {string} dateCreated As the server wrote it.
 */

/**
 * What the app's backend hands to the app so that it may enrol one factor.
 *
 * @typedef {object} RegistrationPayload
 * @property {string} token
 * @property {string} serviceSid
 * @property {string} identity
 * @property {"push"} [factorType]
 */

/** @type {readonly FactorStatus[]} */
export const FACTOR_STATUSES = Object.freeze(["unverified", "verified"]);

const FACTOR_SID = /^YF[0-9a-fA-F]{32}$/;

/**
 * The factor that an enrolment or update answers (contract §3.2). Throws AnswerFormatError.
 *
 * @param {string} text
 * @param {Pick<Factor, "serviceSid" | "identity" | "keyId" | "appId">} known What the answer isn't asked for.
 * @returns {Factor}
 */
export function factorFromAnswer(text, { serviceSid, identity, keyId, appId }) {
  const members = answerObject(text).value;
  return Object.freeze({
    sid: factorSid(members),
    accountSid: textMember(members, "account_sid"),
    serviceSid,
    identity,
    friendlyName: textMember(members, "friendly_name"),
    status: statusMember(members, FACTOR_STATUSES),
    credentialSid: textMember(objectMember(members, "config"), "credential_sid"),
    keyId,
    appId,
    dateCreated: textMember(members, "date_created"),
  });
}

/**
 * The status in a factor's answer. Throws AnswerFormatError.
 *
 * @param {string} text
 * @returns {FactorStatus}
 */
export function factorStatusFromAnswer(text) {
  return statusMember(answerObject(text).value, FACTOR_STATUSES);
}

/**
 * The key signs it as proof of possession: of any text, it would sign a token or an approval that the server made up.
 *
 * @param {JsonObject} members
 */
function factorSid(members) {
  const sid = textMember(members, "sid");
  if (!FACTOR_SID.test(sid)) throw new AnswerFormatError("The answer's 'sid' isn't a factor's.");
  return sid;
}

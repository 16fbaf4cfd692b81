/**
 * A question to the user, exactly as one answer of the server put it.
 *
 * A Challenge is made here, of the text of one answer, and nowhere else; it is frozen through and through, and
 * everything it shows is read from that text. What signing needs hangs on the very object: a copy, or one that looks
 * the same, has nothing to sign.
 */

import { answerObject, dateMember, objectMember, statusMember, textMember } from "./answer-format.js";
import { AnswerFormatError, ChallengeNotFetchedError } from "./errors.js";
import { isObject, own } from "./strict-json.js";

/** @import { JsonObject, JsonValue } from "./strict-json.js" */

/** @typedef {"pending" | "approved" | "denied" | "expired"} ChallengeStatus */

/**
 * One labelled line of what the user is asked.
 *
 * @typedef {Readonly<{ label: string, value: string }>} DetailField
 */

/**
 * @typedef {object} ChallengeMembers
 * @property {string} sid
 * @property {string} factorSid
 * @property {ChallengeStatus} status
 * @property {string} message
 * @property {readonly DetailField[]} fields
 * @property {Readonly<Record<string, string>>} hiddenDetails What the app gets beside what it shows; no prototype.
 * @property {Date} expirationDate A new object at each look.
 * @property {Date} dateCreated A new object at each look.
 * @property {readonly string[] | null} signatureFields null for a challenge out of a list, which can be shown but not
 *   answered.
 * @property {string} raw The answer's own text.
 */

/** @typedef {Readonly<ChallengeMembers>} Challenge */

/**
 * Some of a factor's challenges. `nextPageToken` is null on the last page.
 *
 * @typedef {Readonly<{ challenges: readonly Challenge[], nextPageToken: string | null }>} ChallengePage
 */

/** @type {readonly ChallengeStatus[]} */
const CHALLENGE_STATUSES = Object.freeze(["pending", "approved", "denied", "expired"]);

/** @type {WeakMap<object, ReadonlyMap<string, string>>} What each Challenge was made of: its members' own text. */
const sourcesOf = new WeakMap();

/**
 * The challenge that `text` is. Throws AnswerFormatError if it is none of the contract's.
 *
 * @param {string} text
 * @param {readonly string[] | null} signatureFields
 * @returns {Challenge}
 */
export function challengeFromAnswer(text, signatureFields) {
  const { value: members, sources } = answerObject(text);
  const expiresAt = dateMember(members, "expiration_date");
  const createdAt = dateMember(members, "date_created");
  const challenge = Object.freeze({
    sid: textMember(members, "sid"),
    factorSid: textMember(members, "factor_sid"),
    status: statusMember(members, CHALLENGE_STATUSES),
    ...shownDetails(members),
    hiddenDetails: hiddenDetails(members),
    get expirationDate() {
      return new Date(expiresAt);
    },
    get dateCreated() {
      return new Date(createdAt);
    },
    signatureFields: signatureFields && Object.freeze([...signatureFields]),
    raw: text,
  });
  sourcesOf.set(challenge, sources);
  return challenge;
}

/**
 * A page of challenges (contract §3.8). Throws AnswerFormatError.
 *
 * @param {string} text
 * @returns {ChallengePage}
 */
export function challengePageFromAnswer(text) {
  const { value: answer } = answerObject(text);
  const entries = own(answer, "challenges");
  if (!Array.isArray(entries)) throw new AnswerFormatError("The answer lacks the list 'challenges'.");
  return Object.freeze({
    challenges: Object.freeze(entries.map((entry) => challengeFromAnswer(JSON.stringify(entry), null))),
    nextPageToken: pageToken(own(objectMember(answer, "meta"), "next_page_url")),
  });
}

/**
 * The text of each member that this very object was made of. Throws ChallengeNotFetchedError for any other object.
 *
 * @param {Challenge} challenge
 * @returns {ReadonlyMap<string, string>}
 */
export function memberSources(challenge) {
  const sources = sourcesOf.get(challenge);
  if (sources === undefined) {
    throw new ChallengeNotFetchedError(
      "This isn't a challenge of this library's, but a copy or something alike: get it, show that object, and answer it.",
    );
  }
  return sources;
}

/**
 * The message and the labelled lines that a user is asked to decide on. Throws AnswerFormatError.
 *
 * @param {JsonObject} members
 * @returns {{ message: string, fields: readonly DetailField[] }}
 */
export function shownDetails(members) {
  const details = objectMember(members, "details");
  const message = own(details, "message");
  const lines = own(details, "fields") ?? [];
  for (const [name, value] of Object.entries(details)) if (name !== "fields" || value !== null) requireTexts(value);
  if (typeof message !== "string") throw new AnswerFormatError("The challenge has no message to show.");
  if (!Array.isArray(lines)) throw new AnswerFormatError("The challenge's detail fields aren't a list.");
  return { message, fields: Object.freeze(lines.map(detailField)) };
}

/**
 * What the app gets beside what it shows. Throws AnswerFormatError.
 *
 * @param {JsonObject} members
 * @returns {Readonly<Record<string, string>>}
 */
export function hiddenDetails(members) {
  const hidden = own(members, "hidden_details") ?? {};
  if (!isObject(hidden)) throw new AnswerFormatError("The challenge's 'hidden_details' isn't an object.");
  /** @type {Record<string, string>} */
  const texts = Object.create(null);
  for (const [name, text] of Object.entries(hidden)) {
    if (typeof text !== "string") throw new AnswerFormatError("A hidden detail isn't a text.");
    texts[name] = text;
  }
  return Object.freeze(texts);
}

/** Numbers and the like are nothing that two readers show, sign and compare alike. @param {JsonValue} value */
function requireTexts(value) {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(requireTexts);
  else if (typeof value !== "string")
    throw new AnswerFormatError("The challenge has something in its details that isn't text.");
}

/** @param {JsonValue} entry @returns {DetailField} */
function detailField(entry) {
  if (isObject(entry)) {
    const label = own(entry, "label");
    const value = own(entry, "value");
    if (typeof label === "string" && typeof value === "string") return Object.freeze({ label, value });
  }
  throw new AnswerFormatError("A detail field isn't a label and a value, both texts.");
}

/** @param {JsonValue | undefined} nextPageUrl @returns {string | null} */
function pageToken(nextPageUrl) {
  if (nextPageUrl === null || nextPageUrl === undefined) return null;
  // Only the token is taken from the URL: requests keep going to the host that this device was given.
  const query = typeof nextPageUrl === "string" ? (nextPageUrl.split("#")[0]?.split("?")[1] ?? "") : "";
  const [token, ...others] = new URLSearchParams(query).getAll("PageToken");
  if (!token || others.length > 0) throw new AnswerFormatError("The answer's 'next_page_url' has no PageToken.");
  return token;
}

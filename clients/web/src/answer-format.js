/** Reading an answer's members; each reader throws AnswerFormatError if they aren't what the contract says. */

import { AnswerFormatError } from "./errors.js";
import { isObject, own, parseObject } from "./strict-json.js";

/** @import { JsonObject, ParsedObject } from "./strict-json.js" */

/** RFC 3339. */
const DATE = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/**
 * The JSON object of an answer.
 *
 * @param {string} text
 * @returns {ParsedObject}
 */
export function answerObject(text) {
  try {
    return parseObject(text);
  } catch (error) {
    throw new AnswerFormatError("The answer isn't a JSON object with one clear meaning.", { cause: error });
  }
}

/**
 * A member that must be a string with something in it.
 *
 * @param {JsonObject} members
 * @param {string} name
 * @returns {string}
 */
export function textMember(members, name) {
  const value = own(members, name);
  if (typeof value !== "string" || value === "") throw new AnswerFormatError(`The answer lacks the text '${name}'.`);
  return value;
}

/**
 * @param {JsonObject} members
 * @param {string} name
 * @returns {JsonObject}
 */
export function objectMember(members, name) {
  const value = own(members, name);
  if (!isObject(value)) throw new AnswerFormatError(`The answer lacks the object '${name}'.`);
  return value;
}

/**
 * The member `status`, which must be one of these.
 *
 * @template {string} Status
 * @param {JsonObject} members
 * @param {readonly Status[]} statuses
 * @returns {Status}
 */
export function statusMember(members, statuses) {
  const text = textMember(members, "status");
  const status = statuses.find((known) => known === text);
  if (status === undefined) throw new AnswerFormatError("The answer's 'status' is none of the contract's.");
  return status;
}

/**
 * A date with its time zone, in milliseconds since the epoch.
 *
 * @param {JsonObject} members
 * @param {string} name
 * @returns {number}
 */
export function dateMember(members, name) {
  const text = textMember(members, name);
  const day = DATE.exec(text)?.[1];
  const milliseconds = Date.parse(text);
  if (day === undefined || Number.isNaN(milliseconds) || !isInCalendar(day)) {
    throw new AnswerFormatError(`The answer's '${name}' isn't a date and a time with its zone.`);
  }
  return milliseconds;
}

/** The platform takes February 30 for March 2. @param {string} day */
function isInCalendar(day) {
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}

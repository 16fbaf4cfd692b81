/**
 * What a device signs when its user decides, and when it refuses to.
 *
 * The payload is made of the very text that the challenge was shown from: each field that the server asked for, as
 * received, and the user's answer as `status` (contract §3.7). Nothing is signed that the person could not have seen:
 * the server's list must cover the shown details, and all of them must be in that same answer.
 */

import { memberSources } from "./challenge.js";
import {
  ChallengeNotFetchedError,
  ChallengeNotPendingError,
  SignatureFieldAbsentError,
  SignatureFieldsMissingError,
} from "./errors.js";

/** @import { Challenge } from "./challenge.js" */

/** @typedef {"approved" | "denied"} Decision What the user decided. */

const SIGNED_AT_LEAST = ["sid", "factor_sid", "status", "details"];

/**
 * The JSON to sign. `mode` becomes an extra member, which the server keeps beside the answer. Throws a NotSignedError.
 *
 * @param {Challenge} challenge
 * @param {Decision} decision
 * @param {"silent"} [mode]
 * @returns {string}
 */
export function signedPayload(challenge, decision, mode) {
  const sources = memberSources(challenge);
  if (challenge.signatureFields === null) {
    throw new ChallengeNotFetchedError(
      "This challenge came from a list, which doesn't say what to sign: get it, show that, and answer that.",
    );
  }
  if (challenge.status !== "pending") {
    throw new ChallengeNotPendingError(`The challenge is ${challenge.status} already: it can't be answered.`);
  }
  const names = new Set(challenge.signatureFields);
  if (!SIGNED_AT_LEAST.every((name) => names.has(name))) {
    throw new SignatureFieldsMissingError(
      "The server didn't ask to sign all that was shown; an answer would prove nothing. Get the challenge again.",
    );
  }
  const members = new Map([...names].map((name) => [name, sourceOf(sources, name)]));
  members.set("status", JSON.stringify(decision));
  if (mode !== undefined) members.set("mode", JSON.stringify(mode));
  return `{${Array.from(members, ([name, source]) => `${JSON.stringify(name)}:${source}`).join(",")}}`;
}

/** @param {ReadonlyMap<string, string>} sources @param {string} name */
function sourceOf(sources, name) {
  const source = sources.get(name);
  if (source === undefined) {
    throw new SignatureFieldAbsentError(`The challenge lacks '${name}', which is to be signed. Get it again.`);
  }
  return source;
}

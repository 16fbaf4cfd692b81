/** What Pushward says on a device's stream. Unknown events are passed over: there may be more of them one day. */

import { answerObject, textMember } from "./answer-format.js";
import { EventParser } from "./event-parser.js";
import { own } from "./strict-json.js";

/** @import { Event } from "./event-parser.js" */
/** @import { ByteStream } from "./http.js" */

export const STREAM_PATH = "/pushward/v1/device/stream";
export const FACTOR_DELETED = "factor_deleted";

const CHALLENGE_TYPE = "verify_push_challenge";

/**
 * There is a challenge to look at; or the server's last word on this stream: `factor_deleted`, or a reason to connect
 * again.
 *
 * @typedef {{ kind: "challenge", challengeSid: string, factorSid: string } | { kind: "end", reason: string }} Message
 */

/**
 * What the server says on a stream, until it ends. Throws AnswerFormatError for an event that can't be read.
 *
 * @param {ByteStream} stream
 * @returns {AsyncGenerator<Message, void, void>}
 */
export async function* messages(stream) {
  const parser = new EventParser();
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
    for (const event of parser.feed(chunk)) {
      const message = messageOf(event);
      if (message !== null) yield message;
    }
  }
}

/**
 * What an event says; null for one that isn't for us. Throws AnswerFormatError for one that can't be read.
 *
 * @param {Event} event
 * @returns {Message | null}
 */
export function messageOf({ name, content }) {
  if (name === "end") return { kind: "end", reason: textMember(answerObject(content).value, "reason") };
  if (name !== "challenge") return null;
  const members = answerObject(content).value;
  if (own(members, "type") !== CHALLENGE_TYPE) return null;
  return {
    kind: "challenge",
    challengeSid: textMember(members, "challenge_sid"),
    factorSid: textMember(members, "factor_sid"),
  };
}

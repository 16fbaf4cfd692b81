/** The body of an answer: all of it, but no more than a bound. */

import { AnswerFormatError } from "./errors.js";
import { decodeUtf8 } from "./strict-json.js";

export const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

/**
 * All of it. Rejects with AnswerFormatError if that is too much.
 *
 * @param {Response} response
 * @returns {Promise<Uint8Array>}
 */
export async function boundedBody(response) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  let sizeBytes = 0;
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    sizeBytes += read.value.length;
    if (sizeBytes > ANSWER_BYTES_MAX) {
      await reader?.cancel();
      throw new AnswerFormatError(`The answer is longer than ${ANSWER_BYTES_MAX} bytes.`);
    }
    chunks.push(read.value);
  }
  return joined(chunks, sizeBytes);
}

/**
 * The text of a body. Throws AnswerFormatError if it isn't UTF-8.
 *
 * @param {Uint8Array} body
 * @returns {string}
 */
export function answerText(body) {
  try {
    return decodeUtf8(body);
  } catch (error) {
    throw new AnswerFormatError("The answer isn't UTF-8.", { cause: error });
  }
}

/** @param {readonly Uint8Array[]} chunks @param {number} sizeBytes */
function joined(chunks, sizeBytes) {
  const body = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

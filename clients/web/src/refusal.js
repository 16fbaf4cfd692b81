/** What an answer without 2xx means: the error of its status, with the words of its envelope. */

import {
  ApiError,
  AuthenticationError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitedError,
  ServerUnavailableError,
} from "./errors.js";
import { decodeUtf8, own, parseObject } from "./strict-json.js";

/** @type {ReadonlyMap<number, typeof ApiError>} */
const BY_STATUS = new Map([
  [401, AuthenticationError],
  [403, PermissionDeniedError],
  [404, NotFoundError],
  [429, RateLimitedError],
]);
const SERVER_ERROR_STATUS_MIN = 500;

/**
 * @param {Response} response
 * @param {Uint8Array} body
 * @returns {ApiError}
 */
export function refusal(response, body) {
  const { status } = response;
  const kind = status >= SERVER_ERROR_STATUS_MIN ? ServerUnavailableError : (BY_STATUS.get(status) ?? ApiError);
  const { code, message } = envelope(body);
  return new kind({
    status,
    code,
    serverMessage: message || `${response.statusText || "No reason given"}.`,
    retryAfterSeconds: wholeSeconds(response.headers.get("Retry-After")),
  });
}

/** @param {Uint8Array} body @returns {{ code: number | null, message: string }} */
function envelope(body) {
  try {
    const { value } = parseObject(decodeUtf8(body));
    const code = own(value, "code");
    const message = own(value, "message");
    return {
      code: Number.isSafeInteger(code) ? /** @type {number} */ (code) : null,
      message: typeof message === "string" ? message : "",
    };
  } catch {
    return { code: null, message: "" };
  }
}

/** @param {string | null} text */
function wholeSeconds(text) {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

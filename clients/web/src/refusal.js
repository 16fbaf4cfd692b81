/** What an answer without 2xx means: the error of its status, with the words of its envelope. */

import {
  ApiError,
  AuthenticationError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitedError,
  ServerUnavailableError,
} from "./errors.js";
import { own, parseObject } from "./strict-json.js";

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
 * @param {string} text Its body.
 * @returns {ApiError}
 */
export function refusal(response, text) {
  const { status } = response;
  const kind = status >= SERVER_ERROR_STATUS_MIN ? ServerUnavailableError : (BY_STATUS.get(status) ?? ApiError);
  const { code, message } = envelope(text);
  return new kind({
    status,
    code,
    serverMessage: message || `${response.statusText || "No reason given"}.`,
    retryAfterSeconds: wholeSeconds(response.headers.get("Retry-After")),
  });
}

/** @param {string} text @returns {{ code: number | null, message: string }} */
function envelope(text) {
  try {
    const { value } = parseObject(text);
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

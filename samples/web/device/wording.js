/**
 * What the page says about states and errors: what is wrong, and what to do.
 */

import {
  AnotherChallengeError,
  AuthenticationError,
  ChallengeExpiredError,
  ChallengeNotArrivedError,
  ChallengeNotPendingError,
  FactorDeletedError,
  FactorUnknownError,
  KeyUnknownError,
  NetworkError,
  NotFoundError,
  NotInForegroundError,
  RateLimitedError,
  ServerUnavailableError,
} from "/lib/pushward-device/index.js";
import { BackendError } from "/shared/backend.js";

/** @typedef {"streaming" | "polling" | "offline" | "background"} State */

/** From the one that most needs to be known to the one that least does. */
const STATES = /** @type {const} */ (["offline", "polling", "background", "streaming"]);

const STATE_TEXTS = {
  streaming: "Listening",
  polling: "Asking every few seconds",
  offline: "Offline, trying again",
  background: "Paused in the background",
};

/** @param {State} state */
export function stateText(state) {
  return STATE_TEXTS[state];
}

/**
 * @param {State[]} states Of all factors.
 * @returns {State | undefined} The one that most needs to be known.
 */
export function worstOf(states) {
  return STATES.find((state) => states.includes(state));
}

/**
 * Whether the factor's key is no longer in this browser.
 *
 * @param {unknown} error
 */
function isKeyLost(error) {
  return error instanceof KeyUnknownError || error instanceof FactorUnknownError;
}

/**
 * Whether only a new enrolment helps.
 *
 * @param {unknown} error
 */
export function isLost(error) {
  return isKeyLost(error) || isUnknownToServer(error);
}

/**
 * A 401 without the server's envelope comes from something in between, and says nothing of the factor.
 *
 * @param {unknown} error
 */
function isUnknownToServer(error) {
  return error instanceof FactorDeletedError || (error instanceof AuthenticationError && error.code !== null);
}

/**
 * Whether the same may work a little later.
 *
 * @param {unknown} error
 */
export function isPassing(error) {
  return error instanceof NetworkError || error instanceof RateLimitedError || error instanceof ServerUnavailableError;
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function reason(error) {
  if (isUnknownToServer(error)) return "The server no longer knows this factor. Enrol again.";
  if (isKeyLost(error)) return "The key of this factor is gone from this browser. Enrol again.";
  if (error instanceof RateLimitedError) {
    const seconds = error.retryAfterSeconds;
    return `Too many requests. ${seconds ? `Wait ${seconds} s` : "Wait a little"}, and try again.`;
  }
  if (error instanceof ServerUnavailableError)
    return "The server can’t answer at the moment. Try again in a little while.";
  if (error instanceof NetworkError) return "No answer from the server. Look at your connection, and try again.";
  if (error instanceof NotFoundError) return "It is no longer there.";
  if (error instanceof ChallengeNotArrivedError)
    return "The bank’s request didn’t arrive in time. Nothing was approved.";
  if (error instanceof AnotherChallengeError) {
    return "Another request came than the one this device had asked for. Nothing was approved silently; look at it yourself.";
  }
  if (error instanceof ChallengeExpiredError) return "The request had expired when it came. Nothing was approved.";
  if (error instanceof ChallengeNotPendingError) return "It was answered already.";
  if (error instanceof NotInForegroundError) {
    return "This page wasn’t in the foreground, so nothing was approved silently.";
  }
  if (error instanceof BackendError) {
    if (error.code === "rate_limited") return `Too many requests. Wait ${error.retrySeconds} s, and try again.`;
    return error.message;
  }
  if (error instanceof Error) return error.message;
  throw error;
}

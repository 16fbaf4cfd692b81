/**
 * Approval without a question: for the one challenge that the app expects, while its user looks at the app, and for no
 * other.
 *
 * It listens first and then looks what is there, and goes on while others arrive; those are left alone. What is signed
 * says so: the JWS carries `"mode":"silent"`, and the server keeps that with the challenge.
 */

import { withinSeconds } from "./abort.js";
import {
  AnotherChallengeError,
  ChallengeExpiredError,
  ChallengeNotArrivedError,
  ChallengeNotPendingError,
  NotInForegroundError,
  PermissionDeniedError,
} from "./errors.js";
import { listening } from "./listen.js";
import { found } from "./pending.js";

/** @import { Challenge } from "./challenge.js" */
/** @import { ListenParts } from "./listen.js" */
/** @import { ChallengeReader, Source } from "./pending.js" */

/**
 * What is expected, by exactly one of the two, and for how long.
 *
 * @typedef {object} SilentOptions
 * @property {string} [expectChallengeSid]
 * @property {string} [expectTransactionId] The hidden detail `transaction_id`.
 * @property {number} [withinSeconds] 30 without it.
 * @property {AbortSignal} [signal] Rejects with its reason; what is being signed goes on.
 */

export const WITHIN_SECONDS = 30;

/** By this hidden detail a backend and its app agree on a challenge that has no SID yet. */
const TRANSACTION_ID = "transaction_id";

/** The newest challenges, among which one with a transaction id is looked for: more than can be open in practice. */
const LOOKED_AT_MAX = 50;

const OTHERS_MAX = 4096;
const CODE_ANSWERED = 60322;
const CODE_EXPIRED = 60323;

/**
 * The challenge as the server has it, once it was approved. Rejects with a SilentApprovalError, or with
 * ChallengeNotPendingError if the expected one was answered already.
 *
 * @param {Omit<ListenParts, "source">} parts
 * @param {ExpectedChallenge} expected
 * @param {(challenge: Challenge, mayStillSign: () => void) => Promise<Challenge>} approve
 * @param {SilentOptions} options
 * @returns {Promise<Challenge>}
 */
export async function approveExpected(parts, expected, approve, { withinSeconds: seconds = WITHIN_SECONDS, signal }) {
  if (!(seconds > 0)) throw new TypeError("withinSeconds must be more than 0.");
  const requireForeground = () => {
    if (!parts.foreground.isForeground()) {
      throw new NotInForegroundError(
        "Nothing is approved silently while the user can't see the page: nothing was sent. Show it when they can again.",
      );
    }
  };
  signal?.throwIfAborted();
  requireForeground();
  const challenge = await withinSeconds(parts.clock, seconds, signal, async (limit) => {
    for await (const one of listening({ ...parts, source: expected }, { signal: limit })) return one;
    return null;
  });
  signal?.throwIfAborted();
  parts.connection.closed.throwIfAborted();
  requireForeground();
  if (challenge === null) throw notFound(seconds, expected);
  if (challenge.status === "expired") {
    throw new ChallengeExpiredError("The expected challenge has expired: ask the backend to begin again.");
  }
  try {
    return await approve(challenge, requireForeground);
  } catch (error) {
    throw meanwhile(error);
  }
}

/** Hands out the expected challenge, whatever became of it, and remembers the others. @implements {Source} */
export class ExpectedChallenge {
  #challenges;
  #factorSid;
  #challengeSid;
  #transactionId;
  /** @type {Set<string>} */
  others = new Set();
  /** @type {Error | null} Why the server couldn't be asked the last time; null if it could. */
  lastFailure = null;

  /** @param {ChallengeReader} challenges @param {string} factorSid @param {SilentOptions} options */
  constructor(challenges, factorSid, { expectChallengeSid, expectTransactionId }) {
    const given = [expectChallengeSid, expectTransactionId].filter((text) => text !== undefined);
    if (given.length !== 1 || typeof given[0] !== "string" || given[0] === "") {
      throw new TypeError("Give expectChallengeSid or expectTransactionId, one of them, as a text.");
    }
    this.#challenges = challenges;
    this.#factorSid = factorSid;
    this.#challengeSid = expectChallengeSid;
    this.#transactionId = expectTransactionId;
  }

  /** @param {AbortSignal} signal @param {() => void} answered @returns {AsyncGenerator<Challenge, void, void>} */
  async *listed(signal, answered) {
    if (this.#challengeSid !== undefined) yield* this.#got(this.#challengeSid, signal);
    // Of every status: one that is over must be told apart from one that never came.
    const page = await this.#challenges.list(this.#factorSid, { order: "desc", pageSize: LOOKED_AT_MAX, signal });
    this.lastFailure = null;
    answered();
    const pending = page.challenges.filter(({ status }) => status === "pending");
    const over = page.challenges.filter(({ status }) => status !== "pending");
    // A pending one before those that are over: a backend may use a transaction id again.
    for (const outline of [...pending, ...over]) {
      if (this.#is(outline)) yield* this.#got(outline.sid, signal);
      else if (outline.status === "pending") this.#remember(outline.sid);
    }
  }

  /** @param {string} challengeSid @param {AbortSignal} signal @returns {Promise<Challenge | null>} */
  async announced(challengeSid, signal) {
    if (this.others.has(challengeSid)) return null;
    if (this.#challengeSid !== undefined && this.#challengeSid !== challengeSid) {
      this.#remember(challengeSid);
      return null;
    }
    const challenge = await found(this.#challenges, this.#factorSid, challengeSid, signal);
    if (challenge === null) return null;
    // Looked at again, on what would be signed: a list's word is not enough.
    if (this.#is(challenge)) return challenge;
    this.#remember(challengeSid);
    return null;
  }

  /** @param {Error} error */
  failed(error) {
    this.lastFailure = error;
  }

  /** @param {string} challengeSid @param {AbortSignal} signal */
  async *#got(challengeSid, signal) {
    const challenge = await this.announced(challengeSid, signal);
    if (challenge !== null) yield challenge;
  }

  /** @param {Challenge} challenge */
  #is(challenge) {
    return this.#challengeSid === undefined
      ? challenge.hiddenDetails[TRANSACTION_ID] === this.#transactionId
      : challenge.sid === this.#challengeSid;
  }

  /** @param {string} challengeSid */
  #remember(challengeSid) {
    if (this.others.size < OTHERS_MAX) this.others.add(challengeSid);
  }
}

/** @param {number} seconds @param {ExpectedChallenge} expected */
function notFound(seconds, { others, lastFailure }) {
  if (others.size > 0) {
    return new AnotherChallengeError(
      "Other challenges came, but not the expected one: nothing was approved. Show them to the user.",
      [...others],
    );
  }
  const why = lastFailure === null ? "" : ", for the server can't be reached";
  return new ChallengeNotArrivedError(
    `The expected challenge didn't come within ${seconds} s${why}: ask the backend to begin again.`,
    ...(lastFailure === null ? [] : [{ cause: lastFailure }]),
  );
}

/** What a refusal means for a challenge that was pending when it was looked at. @param {unknown} error */
function meanwhile(error) {
  if (error instanceof PermissionDeniedError && error.code === CODE_EXPIRED) {
    return new ChallengeExpiredError("The expected challenge expired meanwhile: ask the backend to begin again.", {
      cause: error,
    });
  }
  if (error instanceof PermissionDeniedError && error.code === CODE_ANSWERED) {
    return new ChallengeNotPendingError("The expected challenge was answered elsewhere meanwhile.", { cause: error });
  }
  return error;
}

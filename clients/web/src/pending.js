/** What a listening looks for: each pending challenge of a factor, fetched, once. */

import { NotFoundError } from "./errors.js";

/** @import { Challenge } from "./challenge.js" */
/** @import { Challenges } from "./challenges.js" */

/** @typedef {Pick<Challenges, "list" | "iterate" | "get">} ChallengeReader */

/**
 * Where a listening gets its challenges from.
 *
 * @typedef {object} Source
 * @property {(signal: AbortSignal, answered: () => void) => AsyncGenerator<Challenge, void, void>} listed What is there
 *   now; calls `answered` once the server has.
 * @property {(challengeSid: string, signal: AbortSignal) => Promise<Challenge | null>} announced What was announced, or
 *   null if it is nothing to hand out.
 * @property {(error: Error) => void} [failed] Hears why the server couldn't be asked this time.
 */

const SEEN_MAX = 4096;

/** @implements {Source} */
export class PendingChallenges {
  #challenges;
  #factorSid;
  /** @type {Set<string>} */
  #seen = new Set();

  /** @param {ChallengeReader} challenges @param {string} factorSid */
  constructor(challenges, factorSid) {
    this.#challenges = challenges;
    this.#factorSid = factorSid;
  }

  /** @param {AbortSignal} signal @param {() => void} answered @returns {AsyncGenerator<Challenge, void, void>} */
  async *listed(signal, answered) {
    for await (const outline of this.#challenges.iterate(this.#factorSid, { status: "pending", signal })) {
      answered();
      const challenge = await this.announced(outline.sid, signal);
      if (challenge !== null) yield challenge;
    }
    answered();
  }

  /** @param {string} challengeSid @param {AbortSignal} signal */
  async announced(challengeSid, signal) {
    if (this.#seen.has(challengeSid)) return null;
    const challenge = await found(this.#challenges, this.#factorSid, challengeSid, signal);
    if (challenge === null) return null;
    if (this.#seen.size === SEEN_MAX) this.#seen.delete(/** @type {string} */ (this.#seen.values().next().value));
    this.#seen.add(challengeSid);
    return challenge.status === "pending" ? challenge : null;
  }
}

/**
 * A challenge, or null if there is none of that SID.
 *
 * @param {ChallengeReader} challenges
 * @param {string} factorSid
 * @param {string} challengeSid
 * @param {AbortSignal} signal
 * @returns {Promise<Challenge | null>}
 */
export async function found(challenges, factorSid, challengeSid, signal) {
  try {
    return await challenges.get(factorSid, challengeSid, { signal });
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}

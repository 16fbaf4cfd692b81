/**
 * Reading a factor's challenges and answering them: the wire's side, for `PushwardDevice.challenges` and for `listen`.
 */

import { signedPayload } from "./answer.js";
import { challengeFromAnswer, challengePageFromAnswer, memberSources } from "./challenge.js";
import { AnswerFormatError, AnswerNotRecordedError, FactorUnknownError, WrongFactorError } from "./errors.js";
import { pathOf } from "./http.js";
import { answerJws } from "./jose.js";
import { challengesPath } from "./paths.js";

/** @import { Decision } from "./answer.js" */
/** @import { Challenge, ChallengePage, ChallengeStatus } from "./challenge.js" */
/** @import { Factor } from "./factor.js" */
/** @import { Answer, Connection } from "./http.js" */
/** @import { Store } from "./store.js" */

export const PAGE_SIZE = 50;

/**
 * @typedef {object} ListOptions
 * @property {ChallengeStatus} [status] All of them without it.
 * @property {"asc" | "desc"} [order] By date of creation; oldest first without it.
 * @property {number} [pageSize] 1 to 1000.
 * @property {string | null} [pageToken] The page before this one's `nextPageToken`.
 * @property {AbortSignal} [signal]
 */

/** @typedef {{ signal?: AbortSignal | undefined }} CallOptions */

export class Challenges {
  #store;
  #connection;

  /** @param {Store} store @param {Connection} connection */
  constructor(store, connection) {
    this.#store = store;
    this.#connection = connection;
  }

  /**
   * One page of the factor's challenges. They can be shown in a list; to answer one, `get` it.
   *
   * @param {string} factorSid
   * @param {ListOptions} [options]
   * @returns {Promise<ChallengePage>}
   */
  async list(factorSid, { status, order = "asc", pageSize = PAGE_SIZE, pageToken, signal } = {}) {
    const factor = await this.#store.factor(factorSid);
    const query = {
      PageSize: String(pageSize),
      FactorSid: factor.sid,
      Order: order,
      ...(status && { Status: status }),
      ...(pageToken && { PageToken: pageToken }),
    };
    const answer = await this.#connection.request("GET", challengesPath(factor), factor, {
      query,
      ...(signal && { signal }),
    });
    const page = challengePageFromAnswer(answer.text);
    if (page.nextPageToken !== null && page.nextPageToken === pageToken) {
      throw new AnswerFormatError("The page says that it is followed by itself.");
    }
    return page;
  }

  /**
   * Every challenge of the factor, page after page.
   *
   * @param {string} factorSid
   * @param {Omit<ListOptions, "pageToken">} [options]
   * @returns {AsyncGenerator<Challenge, void, void>}
   */
  async *iterate(factorSid, options = {}) {
    /** @type {string | null} */
    let pageToken = null;
    do {
      /** @type {ChallengePage} */
      const page = await this.list(factorSid, { ...options, pageToken });
      yield* page.challenges;
      pageToken = page.nextPageToken;
    } while (pageToken !== null);
  }

  /**
   * One challenge, ready to be shown and answered. Rejects with WrongFactorError if it is another factor's.
   *
   * @param {string} factorSid
   * @param {string} challengeSid
   * @param {CallOptions} [options]
   * @returns {Promise<Challenge>}
   */
  async get(factorSid, challengeSid, { signal } = {}) {
    const factor = await this.#store.factor(factorSid);
    const path = challengesPath(factor) + pathOf(challengeSid);
    const answer = await this.#connection.request("GET", path, factor, signal && { signal });
    return fetched(answer, factorSid, challengeSid);
  }

  /**
   * Sign a yes to exactly what this object showed. Resolves to the challenge as the server then has it.
   *
   * @param {Challenge} challenge
   * @returns {Promise<Challenge>}
   */
  approve(challenge) {
    return answerChallenge(this.#store, this.#connection, this, challenge, "approved");
  }

  /**
   * Sign a no to exactly what this object showed. Resolves to the challenge as the server then has it.
   *
   * @param {Challenge} challenge
   * @returns {Promise<Challenge>}
   */
  deny(challenge) {
    return answerChallenge(this.#store, this.#connection, this, challenge, "denied");
  }
}

/**
 * The challenge that was asked for, of the answer to that question. Throws AnswerFormatError or WrongFactorError.
 *
 * @param {Answer} answer
 * @param {string} factorSid
 * @param {string} challengeSid
 * @returns {Challenge}
 */
export function fetched({ text, signatureFields }, factorSid, challengeSid) {
  const challenge = challengeFromAnswer(text, signatureFields ? signatureFields.split(",") : []);
  if (challenge.sid !== challengeSid) throw new AnswerFormatError("The answer is about another challenge.");
  if (challenge.factorSid !== factorSid) {
    throw new WrongFactorError("The challenge is for another factor: nothing of it may be shown as this one's.");
  }
  return challenge;
}

/**
 * Sign and send an answer, and read what became of it (contract §3.7). Rejects with a NotSignedError before anything is
 * sent, and with AnswerNotRecordedError if the server then shows another status.
 *
 * @param {Store} store
 * @param {Connection} connection
 * @param {Pick<Challenges, "get">} challenges
 * @param {Challenge} challenge
 * @param {Decision} decision
 * @param {{ mode?: "silent", mayStillSign?: () => void }} [options] `mayStillSign` is asked right before signing, and
 *   once more before anything is sent, for a store may take its time; it throws if not.
 * @returns {Promise<Challenge>}
 */
export async function answerChallenge(store, connection, challenges, challenge, decision, { mode, mayStillSign } = {}) {
  memberSources(challenge);
  const factor = await ownFactor(store, challenge.factorSid);
  const payload = signedPayload(challenge, decision, mode);
  mayStillSign?.();
  const jws = await answerJws(payload, (message) => store.sign(factor.keyId, message));
  mayStillSign?.();
  const path = challengesPath(factor) + pathOf(challenge.sid);
  await connection.request("POST", path, factor, { form: { AuthPayload: jws } });
  const recorded = await challenges.get(factor.sid, challenge.sid);
  if (recorded.status !== decision) {
    throw new AnswerNotRecordedError(`The challenge is ${recorded.status}, not ${decision}: show it again.`);
  }
  return recorded;
}

/** @param {Store} store @param {string} factorSid @returns {Promise<Factor>} */
async function ownFactor(store, factorSid) {
  try {
    return await store.factor(factorSid);
  } catch (error) {
    if (!(error instanceof FactorUnknownError)) throw error;
    throw new WrongFactorError("The challenge is for a factor that this device doesn't hold.", { cause: error });
  }
}

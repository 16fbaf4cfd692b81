/**
 * The bank's own backend, as both pages call it (samples/backend).
 */

const RETRY_SECONDS = 2;
const RETRY_SECONDS_MAX = 60;
const NO_ANSWER = "away";

/** The backend refused, or didn't answer. `code` is one of its own; "away" if nothing usable came. */
export class BackendError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {number} retrySeconds
   */
  constructor(code, message, retrySeconds) {
    super(message);
    this.name = "BackendError";
    this.code = code;
    this.retrySeconds = retrySeconds;
  }

  /** Whether the same request may succeed a little later. */
  get isPassing() {
    return [NO_ANSWER, "rate_limited", "pushward_away", "busy"].includes(this.code);
  }
}

/**
 * @typedef {object} Asked What the backend has asked a device.
 * @property {string} challenge_sid
 * @property {string} factor_sid
 * @property {string} transaction_id
 * @property {string} expiration_date
 *
 * @typedef {{ token: string, service_sid: string, identity: string, factor_type: "push", base_url: string }} AccessToken
 * @typedef {{ username: string, factor_sid?: string, transaction_id?: string }} Login
 * @typedef {Login & { amount: string, payee: string }} Transfer
 */

export class Backend {
  #fetch;

  /** @param {typeof globalThis.fetch} fetch */
  constructor(fetch) {
    this.#fetch = fetch;
  }

  /** @returns {Promise<{ base_url: string, service_sid: string }>} */
  config() {
    return this.#ask("GET", "/config");
  }

  /** @param {string} username @returns {Promise<AccessToken>} */
  accessToken(username) {
    return this.#ask("POST", "/access-token", { username });
  }

  /** @param {Login} login @returns {Promise<Asked>} */
  login(login) {
    return this.#ask("POST", "/login", login);
  }

  /** @param {Transfer} transfer @returns {Promise<Asked>} */
  transfer(transfer) {
    return this.#ask("POST", "/transfer", transfer);
  }

  /** @param {string} username @param {string} challengeSid @returns {Promise<{ status: string, seen_by: string }>} */
  challengeStatus(username, challengeSid) {
    return this.#ask("POST", "/challenge-status", { username, challenge_sid: challengeSid });
  }

  /** @param {number} after @returns {Promise<{ calls: any[], last: number }>} */
  calls(after) {
    return this.#ask("GET", `/calls?after=${after}`);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  async #ask(method, path, body) {
    const init =
      body === undefined
        ? { method, cache: /** @type {const} */ ("no-store") }
        : { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    let response;
    try {
      response = await this.#fetch(path, init);
    } catch {
      throw new BackendError(NO_ANSWER, "The bank doesn’t answer.", RETRY_SECONDS);
    }
    const answer = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer;
    throw new BackendError(
      typeof answer?.code === "string" ? answer.code : NO_ANSWER,
      typeof answer?.message === "string" ? answer.message : `The bank answered ${response.status}.`,
      retrySeconds(Number(response.headers.get("Retry-After"))),
    );
  }
}

/** A timer takes what is too long, or negative, for at once. @param {number} asked NaN if it isn't a number. */
function retrySeconds(asked) {
  return asked >= 1 ? Math.min(asked, RETRY_SECONDS_MAX) : RETRY_SECONDS;
}

/**
 * Listens for each factor's challenges, for as long as the page lives.
 */

/**
 * @typedef {import("/lib/pushward-device/index.js").Factor} Factor
 * @typedef {import("/lib/pushward-device/index.js").Challenge} Challenge
 * @typedef {import("/device/wording.js").State} State
 */

export class Listening {
  #device;
  #events;
  /** @type {Map<string, AbortController>} */
  #followed = new Map();
  /** @type {Map<string, State>} */
  #states = new Map();

  /**
   * @param {import("/lib/pushward-device/index.js").PushwardDevice} device
   * @param {object} events
   * @param {(factor: Factor, challenge: Challenge) => void} events.onChallenge A pending one, fetched.
   * @param {() => void} events.onState
   * @param {(factor: Factor, error: unknown) => void} events.onError It doesn't go on.
   */
  constructor(device, events) {
    this.#device = device;
    this.#events = events;
  }

  /**
   * Listens for these factors, and for no others any more.
   *
   * @param {readonly Factor[]} factors
   */
  follow(factors) {
    const sids = new Set(factors.map(({ sid }) => sid));
    for (const sid of this.#followed.keys()) if (!sids.has(sid)) this.leave(sid);
    for (const factor of factors) if (!this.#followed.has(factor.sid)) void this.#listen(factor);
  }

  /** @param {string} factorSid */
  leave(factorSid) {
    this.#followed.get(factorSid)?.abort();
    this.#followed.delete(factorSid);
    this.#states.delete(factorSid);
  }

  /**
   * @param {string} factorSid
   * @returns {State | undefined}
   */
  stateOf(factorSid) {
    return this.#states.get(factorSid);
  }

  /** @returns {State[]} Of all that are followed. */
  states() {
    return [...this.#states.values()];
  }

  /** @param {Factor} factor */
  async #listen(factor) {
    const left = new AbortController();
    this.#followed.set(factor.sid, left);
    const onState = (/** @type {State} */ state) => {
      if (left.signal.aborted) return;
      this.#states.set(factor.sid, state);
      this.#events.onState();
    };
    try {
      for await (const challenge of this.#device.listen(factor.sid, { signal: left.signal, onState })) {
        this.#events.onChallenge(factor, challenge);
      }
    } catch (error) {
      if (left.signal.aborted) return;
      // Whoever looks again, starts it again, if the factor is still of use.
      this.leave(factor.sid);
      this.#events.onState();
      this.#events.onError(factor, error);
    }
  }
}

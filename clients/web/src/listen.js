/**
 * New challenges as they come: listening where that is possible, asking again and again where it isn't.
 *
 *     background ◄──► streaming ◄──► polling ◄──► offline        `onState` tells each change
 *
 * Each round listens first and then lists what is there, so nothing falls between the two. A lost stream, a restarted
 * server, another network or a JWT at its end lead to the next round. Where there is no stream, a round lists; that
 * list is what decides whether going on makes sense. Pauses grow while nothing works, and are spread so that a
 * restarted server doesn't meet all devices at once. In the background nothing is open. What is looked for is the
 * source's matter.
 */

import { follow } from "./abort.js";
import {
  ApiError,
  FactorDeletedError,
  NetworkError,
  NotFoundError,
  PushwardDeviceError,
  RateLimitedError,
  ServerUnavailableError,
} from "./errors.js";
import { FACTOR_DELETED, STREAM_PATH, messages } from "./stream.js";

/** @import { Challenge } from "./challenge.js" */
/** @import { Clock } from "./clock.js" */
/** @import { Factor } from "./factor.js" */
/** @import { Connection } from "./http.js" */
/** @import { Source } from "./pending.js" */
/** @import { Foreground, Network } from "./surroundings.js" */

/** @typedef {"streaming" | "polling" | "offline" | "background"} ListenState */

/**
 * @typedef {object} ListenOptions
 * @property {AbortSignal} [signal] Ends the iteration, without an error.
 * @property {(state: ListenState) => void} [onState]
 */

/**
 * @typedef {object} ListenParts
 * @property {Source} source
 * @property {Connection} connection
 * @property {Clock} clock
 * @property {Foreground} foreground
 * @property {Network} network
 * @property {() => Promise<Factor>} factor
 */

export const PAUSE_SECONDS_MIN = 1;

/** Between two lists while the server answers but gives no stream. */
export const POLL_SECONDS_MAX = 5;

/** Between two attempts while the server doesn't answer. */
export const AWAY_SECONDS_MAX = 60;

/** A stream that lasted this long was a good one, however it ended. */
export const STEADY_SECONDS = 30;

const DOUBLINGS_MAX = 6;

/**
 * Each challenge of the source, as it comes. `return` ends a `next` that is waiting.
 *
 * @param {ListenParts} parts
 * @param {ListenOptions} [options]
 * @returns {AsyncGenerator<Challenge, void, void>}
 */
export function listening(parts, options = {}) {
  const listening = new Listening(parts, options);
  const generator = listening.challenges();
  const stopped = generator.return.bind(generator);
  // A generator's own `return` waits for the `next` before it, which may take for ever.
  generator.return = (value) => {
    listening.stop();
    return stopped(value);
  };
  return generator;
}

class Listening {
  #parts;
  #signal;
  #onState;
  /** @type {ListenState | null} */
  #state = null;
  #stopping = new AbortController();
  #round = new AbortController();
  /** @type {number | null} */
  #openedAtSeconds = null;
  #roundsLost = 0;
  /** Until then the server asked to be left alone with streams. */
  #noStreamUntilSeconds = 0;

  /** @param {ListenParts} parts @param {ListenOptions} options */
  constructor(parts, { signal, onState }) {
    this.#parts = parts;
    this.#signal = signal;
    this.#onState = onState;
  }

  stop() {
    this.#stopping.abort();
  }

  /** @returns {AsyncGenerator<Challenge, void, void>} */
  async *challenges() {
    const { foreground, network, connection } = this.#parts;
    const stopped = this.#stopping.signal;
    const undo = [
      follow(this.#stopping, [this.#signal, connection.closed]),
      foreground.onChange(() => this.#round.abort()),
      network.onChange(() => this.#startAnew()),
    ];
    // At once, also while nobody waits for a `next` in which the generator could notice it.
    const end = () => {
      this.#round.abort();
      undo.forEach((each) => each());
    };
    if (stopped.aborted) end();
    stopped.addEventListener("abort", end, { once: true });
    try {
      const factor = await this.#parts.factor();
      while (!stopped.aborted) {
        this.#round = new AbortController();
        yield* foreground.isForeground() ? this.#foregroundRound(factor) : this.#backgroundRound();
      }
    } finally {
      end();
    }
  }

  #startAnew() {
    this.#roundsLost = 0;
    this.#round.abort();
  }

  /** Nothing, until the page is looked at again. @returns {AsyncGenerator<Challenge, void, void>} */
  async *#backgroundRound() {
    this.#tell("background");
    const { signal } = this.#round;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }

  /** @param {Factor} factor @returns {AsyncGenerator<Challenge, void, void>} */
  async *#foregroundRound(factor) {
    const { signal } = this.#round;
    let pauseSeconds = 0;
    try {
      yield* this.#listenedOrListed(factor, signal);
      pauseSeconds = this.#pauseSeconds(POLL_SECONDS_MAX);
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error)) throw error;
      this.#tell("offline");
      this.#parts.source.failed?.(error);
      pauseSeconds = Math.max(this.#pauseSeconds(AWAY_SECONDS_MAX), askedPauseSeconds(error));
    }
    await this.#parts.clock.sleep(pauseSeconds, signal).catch(() => {});
  }

  /** @param {Factor} factor @param {AbortSignal} signal @returns {AsyncGenerator<Challenge, void, void>} */
  async *#listenedOrListed(factor, signal) {
    if (this.#mayAskForStream()) {
      try {
        yield* this.#listened(factor, signal);
        this.#roundsLost = 0;
        return;
      } catch (lost) {
        if (signal.aborted || lost instanceof FactorDeletedError || !(lost instanceof PushwardDeviceError)) throw lost;
        this.#countLoss(lost);
      }
    }
    yield* this.#listed(signal, "polling");
  }

  /** @param {Factor} factor @param {AbortSignal} signal @returns {AsyncGenerator<Challenge, void, void>} */
  async *#listened(factor, signal) {
    const { connection, clock, source } = this.#parts;
    this.#openedAtSeconds = null;
    const stream = await connection.stream(STREAM_PATH, factor, signal);
    try {
      this.#openedAtSeconds = clock.now();
      yield* this.#listed(signal, "streaming");
      for await (const message of messages(stream)) {
        if (message.kind === "end") {
          if (message.reason !== FACTOR_DELETED) return;
          throw new FactorDeletedError("The factor was deleted on the server: enrol this device again.");
        }
        if (message.factorSid !== factor.sid) continue;
        const challenge = await source.announced(message.challengeSid, signal);
        if (challenge !== null) yield challenge;
      }
    } finally {
      stream.close();
    }
    throw new NetworkError("The stream ended without a word.");
  }

  /**
   * @param {AbortSignal} signal
   * @param {ListenState} state That it tells, once the server has answered.
   * @returns {AsyncGenerator<Challenge, void, void>}
   */
  async *#listed(signal, state) {
    try {
      yield* this.#parts.source.listed(signal, () => this.#tell(state));
    } catch (error) {
      if (!(error instanceof NotFoundError) || error.code === null) throw error;
      throw new FactorDeletedError(
        "The factor, its entity or its service was deleted on the server: enrol this device again.",
        { cause: error },
      );
    }
  }

  /** @param {PushwardDeviceError} lost */
  #countLoss(lost) {
    const now = this.#parts.clock.now();
    const wasSteady = this.#openedAtSeconds !== null && now - this.#openedAtSeconds >= STEADY_SECONDS;
    this.#roundsLost = wasSteady ? 0 : this.#roundsLost + 1;
    this.#noStreamUntilSeconds = now + askedPauseSeconds(lost);
  }

  #mayAskForStream() {
    const waitSeconds = this.#noStreamUntilSeconds - this.#parts.clock.now();
    // A clock that was turned back must not keep us waiting.
    return waitSeconds <= 0 || waitSeconds > AWAY_SECONDS_MAX;
  }

  /** @param {number} secondsMax */
  #pauseSeconds(secondsMax) {
    const longest = Math.min(secondsMax, PAUSE_SECONDS_MIN * 2 ** Math.min(this.#roundsLost, DOUBLINGS_MAX));
    return (longest * (1 + Math.random())) / 2;
  }

  /** @param {ListenState} state */
  #tell(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#onState?.(state);
  }
}

/** @param {unknown} error @returns {error is PushwardDeviceError} */
function isPassing(error) {
  // Without the envelope it wasn't Pushward who answered: a proxy's 404 deletes no factor.
  const isNotFromServer = error instanceof ApiError && error.code === null;
  return (
    isNotFromServer ||
    error instanceof NetworkError ||
    error instanceof ServerUnavailableError ||
    error instanceof RateLimitedError
  );
}

/** @param {PushwardDeviceError} error */
function askedPauseSeconds(error) {
  return error instanceof ApiError ? Math.min(error.retryAfterSeconds ?? 0, AWAY_SECONDS_MAX) : 0;
}

// A clock that tests turn: the edge's time, off by so many seconds. Pauses and limits last until a test ends them.

import { EXCHANGE_SECONDS_MAX, STREAM_OPENING_SECONDS_MAX, STREAM_SILENCE_SECONDS_MAX } from "../../src/http.js";

export class FakeClock {
  #edge;
  #sleepers = new Set();
  #changed = withResolvers();
  // What ends work that takes too long, as against a pause.
  limits = new Set([EXCHANGE_SECONDS_MAX, STREAM_OPENING_SECONDS_MAX, STREAM_SILENCE_SECONDS_MAX]);

  constructor(edge, offBySeconds = 0) {
    this.#edge = edge;
    this.offBySeconds = offBySeconds;
  }

  now() {
    return this.#edge.now + this.offBySeconds;
  }

  sleep(seconds, signal) {
    const { promise, resolve, reject } = withResolvers();
    const sleeper = { seconds, until: this.#edge.now + seconds, resolve };
    signal.throwIfAborted();
    this.#sleepers.add(sleeper);
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#tell();
    return promise.finally(() => {
      signal.removeEventListener("abort", stop);
      this.#sleepers.delete(sleeper);
      this.#tell();
    });
  }

  // Wait until no pause and no limit is running, as none may once everything has ended.
  async idle() {
    while (this.#sleepers.size > 0) await this.#changed.promise;
  }

  // Wait until somebody pauses.
  async paused() {
    return (await this.#sleeper((sleeper) => !this.limits.has(sleeper.seconds))).seconds;
  }

  // Wait until somebody pauses, let that time pass at once, and say how long it was.
  async endPause() {
    const seconds = await this.paused();
    this.pass(seconds);
    return seconds;
  }

  // Wait until somebody has set this limit, and let it be over.
  async endLimit(seconds) {
    this.pass((await this.#sleeper((sleeper) => sleeper.seconds === seconds)).seconds);
  }

  // Let time pass; whoever slept until then wakes.
  pass(seconds) {
    this.#edge.now += seconds;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until <= this.#edge.now) {
        this.#sleepers.delete(sleeper);
        sleeper.resolve();
      }
    }
  }

  async #sleeper(fits) {
    for (;;) {
      const sleeper = [...this.#sleepers].find(fits);
      if (sleeper) return sleeper;
      await this.#changed.promise;
    }
  }

  #tell() {
    const { resolve } = this.#changed;
    this.#changed = withResolvers();
    resolve();
  }
}

export function withResolvers() {
  let resolve, reject;
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

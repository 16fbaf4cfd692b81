/**
 * Shows how long something is still open, and says when it no longer is.
 */

const TICK_MILLISECONDS = 250;

export class Countdown {
  #clock;
  #place;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;

  /**
   * @param {HTMLElement} place Where the time is written.
   * @param {{ now(): number }} clock
   */
  constructor(place, clock) {
    this.#place = place;
    this.#clock = clock;
  }

  /**
   * Counts down to `end`; calls `onEnd` once if it gets there.
   *
   * @param {Date} end
   * @param {() => void} onEnd
   */
  start(end, onEnd) {
    this.stop();
    const tick = () => {
      const left = end.getTime() - this.#clock.now();
      this.#place.textContent = leftText(left);
      if (left > 0) return;
      this.stop();
      onEnd();
    };
    this.#ticking = setInterval(tick, TICK_MILLISECONDS);
    tick();
  }

  stop() {
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }
}

/**
 * @param {number} milliseconds
 * @returns {string} Such as "4:05".
 */
export function leftText(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

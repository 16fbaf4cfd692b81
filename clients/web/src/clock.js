/**
 * The device's own clock, behind a port so that tests turn it.
 *
 * It is allowed to be wrong: `DeviceAuth` learns the difference from the server and the key store remembers it.
 *
 * @typedef {object} Clock
 * @property {() => number} now Seconds since the epoch, as this device believes.
 * @property {(seconds: number, signal: AbortSignal) => Promise<void>} sleep Comes back after so many seconds; rejects
 *   with the signal's reason, and leaves no timer, once it is aborted.
 */

const MILLISECONDS = 1000;

/** Browsers take a longer timer for none at all. */
const TIMER_MILLISECONDS_MAX = 2 ** 31 - 1;

/** The browser's clock. @implements {Clock} */
export class SystemClock {
  now() {
    return Date.now() / MILLISECONDS;
  }

  /**
   * @param {number} seconds
   * @param {AbortSignal} signal
   * @returns {Promise<void>}
   */
  sleep(seconds, signal) {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(
        () => {
          signal.removeEventListener("abort", stop);
          resolve();
        },
        Math.min(seconds * MILLISECONDS, TIMER_MILLISECONDS_MAX),
      );
      signal.addEventListener("abort", stop, { once: true });
    });
  }
}

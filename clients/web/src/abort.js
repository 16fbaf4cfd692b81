/** What ends work early: a caller's signal, the device's end, or time that is over. Leaves no timer and no listener. */

/** @import { Clock } from "./clock.js" */

/**
 * Let `controller` be aborted when one of the signals is. Returns what undoes that.
 *
 * @param {AbortController} controller
 * @param {readonly (AbortSignal | undefined)[]} signals
 * @returns {() => void}
 */
export function follow(controller, signals) {
  /** @type {(() => void)[]} */
  const undo = [];
  for (const signal of signals) {
    if (signal === undefined) continue;
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    undo.push(() => signal.removeEventListener("abort", abort));
  }
  return () => undo.forEach((stop) => stop());
}

/**
 * Do `work` with a signal that is aborted by `signal`, and after so many seconds with a TimeoutError.
 *
 * @template T
 * @param {Clock} clock
 * @param {number} seconds
 * @param {AbortSignal | undefined} signal
 * @param {(signal: AbortSignal) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withinSeconds(clock, seconds, signal, work) {
  const limit = new AbortController();
  const timer = new AbortController();
  const unfollow = follow(limit, [signal]);
  clock.sleep(seconds, timer.signal).then(
    () => limit.abort(new DOMException(`No end within ${seconds} s.`, "TimeoutError")),
    () => {},
  );
  try {
    limit.signal.throwIfAborted();
    return await work(limit.signal);
  } finally {
    timer.abort();
    unfollow();
  }
}

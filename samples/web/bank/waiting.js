/**
 * A question that the bank has asked a device: waits until it is answered, in whichever way.
 */

import { BackendError } from "/shared/backend.js";
import { pause } from "/shared/pause.js";

const LOOK_MILLISECONDS = 1000;
const GRACE_MILLISECONDS = 10_000;

/**
 * @typedef {object} Outcome
 * @property {"approved" | "denied" | "expired"} status
 * @property {string} seenBy Whether a webhook brought the answer, or the bank looked.
 */

/**
 * Looks at the challenge until it isn't pending. Goes on while the bank doesn't answer, which `onTrouble` is told (null once
 * it is over).
 *
 * @param {import("/shared/backend.js").Backend} backend
 * @param {string} username
 * @param {import("/shared/backend.js").Asked} asked
 * @param {{ now(): number }} clock
 * @param {(trouble: BackendError | null) => void} onTrouble
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome | null>} Null if it was called off.
 */
export async function answered(backend, username, asked, clock, onTrouble, signal) {
  const end = Date.parse(asked.expiration_date) + GRACE_MILLISECONDS;
  while (!signal.aborted) {
    let rest = LOOK_MILLISECONDS;
    try {
      const seen = await backend.challengeStatus(username, asked.challenge_sid);
      onTrouble(null);
      if (isFinal(seen.status)) return { status: seen.status, seenBy: seen.seen_by };
    } catch (error) {
      if (!(error instanceof BackendError) || !error.isPassing) throw error;
      // Nobody can say any more how it ended; but it can't be answered either.
      if (clock.now() > end) return { status: "expired", seenBy: "the clock" };
      onTrouble(error);
      rest = error.retrySeconds * 1000;
    }
    await pause(rest, signal);
  }
  return null;
}

/**
 * @param {string} status
 * @returns {status is Outcome["status"]}
 */
function isFinal(status) {
  return ["approved", "denied", "expired"].includes(status);
}

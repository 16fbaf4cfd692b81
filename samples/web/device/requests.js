/**
 * What was and is asked of this device's factors: read from the server, listed, and opened to be decided.
 */

import { showChallenges } from "/device/challenge-list.js";
import { isPassing } from "/device/wording.js";

const LISTED_MAX = 20;

/**
 * @typedef {import("/lib/pushward-device/index.js").Factor} Factor
 * @typedef {import("/device/challenge-list.js").Entry} Entry
 * @typedef {{ factor: Factor, username: string }} Holder A factor that can be asked, and whose it is.
 */

export class Requests {
  #device;
  #clock;
  #events;
  /** @type {Promise<void>} */
  #reading = Promise.resolve();
  /** @type {Promise<void> | null} */
  #nextReading = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #nextExpiry;

  /**
   * @param {import("/lib/pushward-device/index.js").PushwardDevice} device
   * @param {{ now(): number }} clock
   * @param {object} events
   * @param {() => Holder[]} events.holders
   * @param {(entry: Entry) => void} events.onOpen A pending challenge, with what is to be signed.
   * @param {(factor: Factor, error: unknown) => void} events.onError
   */
  constructor(device, clock, events) {
    this.#device = device;
    this.#clock = clock;
    this.#events = events;
  }

  /** Reads and lists all. Whoever comes while it is read waits for one more reading, all for the same. */
  refresh() {
    this.#nextReading ??= this.#reading.then(() => {
      this.#nextReading = null;
      this.#reading = this.#read();
      return this.#reading;
    });
    return this.#nextReading;
  }

  /**
   * Opens one to be decided, if it still can be. It is read anew: a list doesn't say what is to be signed.
   *
   * @param {Holder} holder
   * @param {string} challengeSid
   */
  async open({ factor, username }, challengeSid) {
    try {
      const challenge = await this.#device.challenges.get(factor.sid, challengeSid);
      if (challenge.status === "pending") this.#events.onOpen({ factor, challenge, username });
      else await this.refresh();
    } catch (error) {
      this.#events.onError(factor, error);
    }
  }

  async #read() {
    /** @type {Entry[]} */
    const entries = [];
    for (const { factor, username } of this.#events.holders()) {
      try {
        const page = await this.#device.challenges.list(factor.sid, { order: "desc", pageSize: LISTED_MAX });
        entries.push(...page.challenges.map((challenge) => ({ factor, challenge, username })));
      } catch (error) {
        // What is shown stays as it is; how the device is connected is shown elsewhere.
        if (isPassing(error)) return;
        this.#events.onError(factor, error);
      }
    }
    this.#show(entries);
  }

  /** @param {Entry[]} entries */
  #show(entries) {
    const now = this.#clock.now();
    showChallenges(entries, now, ({ factor, username, challenge }) => this.open({ factor, username }, challenge.sid));
    const ends = entries
      .filter(({ challenge }) => challenge.status === "pending")
      .map(({ challenge }) => challenge.expirationDate.getTime())
      .filter((end) => end > now);
    clearTimeout(this.#nextExpiry);
    if (ends.length > 0) this.#nextExpiry = setTimeout(() => this.#show(entries), Math.min(...ends) - now + 1);
  }
}

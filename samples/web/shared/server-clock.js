/**
 * The server's time, as far as its answers tell: a countdown must be right on a device whose clock isn't.
 */

const NOTICEABLE_MILLISECONDS = 2000;

export class ServerClock {
  #offsetMilliseconds = 0;

  /**
   * Takes the `Date` of an answer that has just come. It is exact to a second, so small differences mean nothing.
   *
   * @param {Response} response
   */
  notice(response) {
    const servedAt = Date.parse(response.headers.get("Date") ?? "");
    if (Number.isNaN(servedAt)) return;
    const offset = servedAt - Date.now();
    this.#offsetMilliseconds = Math.abs(offset) < NOTICEABLE_MILLISECONDS ? 0 : offset;
  }

  /** @returns {number} Milliseconds since the epoch. */
  now() {
    return Date.now() + this.#offsetMilliseconds;
  }
}

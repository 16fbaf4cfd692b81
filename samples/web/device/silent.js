/**
 * Signing in from this device itself: the page asks the bank, and approves just what it has asked for.
 *
 * While it waits, the listener leaves that one challenge to it; any other is shown as ever.
 */

const WITHIN_SECONDS = 10;

/** @typedef {import("/lib/pushward-device/index.js").Challenge} Challenge */

export class SilentSignIn {
  #device;
  #backend;
  /** @type {Set<string>} */
  #expected = new Set();

  /**
   * @param {import("/lib/pushward-device/index.js").PushwardDevice} device
   * @param {import("/shared/backend.js").Backend} backend
   */
  constructor(device, backend) {
    this.#device = device;
    this.#backend = backend;
  }

  /**
   * Whether a challenge is what a silent approval waits for.
   *
   * @param {Challenge} challenge
   */
  expects(challenge) {
    return this.#expected.has(challenge.hiddenDetails.transaction_id ?? "");
  }

  /**
   * @param {string} factorSid
   * @param {string} username
   * @param {(challengeSid: string) => void} onAsked Is told what the bank has asked.
   * @returns {Promise<string>} What the bank then says of the challenge.
   * @throws {Error} A SilentApprovalError or another of the library's, or a BackendError: nothing was approved.
   */
  async signIn(factorSid, username, onAsked) {
    const transactionId = crypto.randomUUID();
    this.#expected.add(transactionId);
    try {
      const asked = await this.#backend.login({ username, factor_sid: factorSid, transaction_id: transactionId });
      onAsked(asked.challenge_sid);
      await this.#device.approveSilently(factorSid, {
        expectTransactionId: transactionId,
        withinSeconds: WITHIN_SECONDS,
      });
      return (await this.#backend.challengeStatus(username, asked.challenge_sid)).status;
    } finally {
      this.#expected.delete(transactionId);
    }
  }
}

/**
 * The sheet on which a person decides: one challenge at a time, and nothing but what will be signed.
 *
 * It owns the dialog and a queue. It is never answered by accident: its buttons work only after a moment, the focus is
 * on the title, Escape puts the decision off. While it is shown it looks every few seconds whether somebody else has
 * answered. What gets signed is the very object that was shown, never one that was read later.
 */

import { NotFoundError, WrongFactorError } from "/lib/pushward-device/index.js";
import { isLost, isPassing, reason } from "/device/wording.js";
import { Countdown } from "/shared/countdown.js";
import { find, foreign, make } from "/shared/dom.js";
import { pause } from "/shared/pause.js";

const ARM_MILLISECONDS = 700;
const LOOK_MILLISECONDS = 4000;
const LOOK_AFTER_END_MILLISECONDS = 1000;

/**
 * @typedef {import("/lib/pushward-device/index.js").Factor} Factor
 * @typedef {import("/lib/pushward-device/index.js").Challenge} Challenge
 * @typedef {{ factor: Factor, username: string, challenge: Challenge }} Question
 *
 * @typedef {object} Shown
 * @property {Question} question
 * @property {AbortController} closed
 * @property {boolean} isAnswering
 * @property {boolean} wasTried Whether an answer was sent and nothing is known of it.
 * @property {boolean} isOver Whether its time is over.
 */

export class Sheet {
  #device;
  #events;
  #countdown;
  #dialog = /** @type {HTMLDialogElement} */ (find("#sheet"));
  #approve = /** @type {HTMLButtonElement} */ (find("#sheet-approve"));
  #deny = /** @type {HTMLButtonElement} */ (find("#sheet-deny"));
  #note = find("#sheet-note");
  /** @type {Question[]} */
  #queue = [];
  /** @type {Shown | null} */
  #shown = null;

  /**
   * @param {import("/lib/pushward-device/index.js").PushwardDevice} device
   * @param {{ now(): number }} clock
   * @param {object} events
   * @param {(mood: "good" | "bad" | "plain", ...words: (Node | string)[]) => void} events.onClose Says how it ended.
   * @param {(factor: Factor, error: unknown) => void} events.onLost The factor can answer nothing any more.
   */
  constructor(device, clock, events) {
    this.#device = device;
    this.#events = events;
    this.#countdown = new Countdown(find("#sheet-left"), clock);
    this.#approve.addEventListener("click", () => void this.#answer("approve"));
    this.#deny.addEventListener("click", () => void this.#answer("deny"));
    find("#sheet-later").addEventListener("click", () => this.#putOff());
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#putOff();
    });
    // A browser may close it over our head; then it is put off, too. When we hear of our own closing, the next may be open.
    this.#dialog.addEventListener("close", () => {
      if (!this.#dialog.open) this.#putOff();
    });
  }

  /**
   * Shows a challenge, after those that wait already.
   *
   * @param {Question} question
   */
  offer(question) {
    const isKnown = [this.#shown?.question, ...this.#queue].some(
      (one) => one?.challenge.sid === question.challenge.sid,
    );
    if (isKnown) return;
    this.#queue.push(question);
    if (this.#shown === null) this.#showNext();
    else this.#countQueue();
  }

  /** Looks now whether somebody else has answered. */
  lookAgain() {
    if (this.#shown !== null) void this.#look(this.#shown);
  }

  /**
   * Drops whatever is asked of a factor that is gone.
   *
   * @param {string} factorSid
   */
  drop(factorSid) {
    this.#queue = this.#queue.filter((question) => question.factor.sid !== factorSid);
    if (this.#shown?.question.factor.sid === factorSid) this.#close();
  }

  #showNext() {
    const question = this.#queue.shift();
    if (question === undefined) return;
    const shown = { question, closed: new AbortController(), isAnswering: false, wasTried: false, isOver: false };
    this.#shown = shown;
    const { challenge, factor, username } = question;
    find("#sheet-who").replaceChildren(
      "For ",
      foreign(username || factor.identity),
      " on ",
      foreign(factor.friendlyName),
    );
    find("#sheet-message").textContent = challenge.message;
    find("#sheet-fields").replaceChildren(
      ...challenge.fields.map(({ label, value }) =>
        make("div", {}, make("dt", { text: label, dir: "auto" }), make("dd", { text: value, dir: "auto" })),
      ),
    );
    this.#say("");
    this.#countQueue();
    this.#setEnabled(false);
    if (!this.#dialog.open) this.#dialog.showModal();
    find(".sheet-content", this.#dialog).scrollTop = 0;
    find("#sheet-title").focus();
    this.#countdown.start(challenge.expirationDate, () => void this.#expire(shown));
    void this.#arm(shown);
    void this.#keepLooking(shown);
  }

  /** @param {Shown} shown */
  async #arm(shown) {
    await new Promise((resolve) => setTimeout(resolve, ARM_MILLISECONDS));
    if (this.#shown === shown && !shown.isOver) this.#setEnabled(true);
  }

  /** @param {Shown} shown */
  async #keepLooking(shown) {
    for (;;) {
      await pause(shown.isOver ? LOOK_AFTER_END_MILLISECONDS : LOOK_MILLISECONDS, shown.closed.signal);
      if (this.#shown !== shown) return;
      await this.#look(shown);
    }
  }

  /**
   * Asks the server how it stands, and closes if it is decided.
   *
   * @param {Shown} shown
   */
  async #look(shown) {
    if (shown.isAnswering) return;
    const { challenge, factor } = shown.question;
    try {
      const { status } = await this.#device.challenges.get(factor.sid, challenge.sid);
      if (this.#shown !== shown || shown.isAnswering || status === "pending") return;
      this.#close(...decidedElsewhere(status, shown));
    } catch (error) {
      if (this.#shown !== shown || shown.isAnswering) return;
      if (isLost(error)) this.#lose(shown, error);
      else if (error instanceof NotFoundError || error instanceof WrongFactorError) {
        this.#close("bad", "The request is gone, so there is nothing to answer.");
      } else if (shown.isOver) this.#close("bad", "The request expired while it was shown. Nothing was answered.");
      else this.#say(reason(error));
    }
  }

  /** @param {Shown} shown */
  async #expire(shown) {
    if (this.#shown !== shown || shown.isAnswering) return;
    shown.isOver = true;
    this.#setEnabled(false);
    this.#say("The time is over.");
    await this.#look(shown);
  }

  /** @param {"approve" | "deny"} decision */
  async #answer(decision) {
    const shown = this.#shown;
    if (shown === null || shown.isAnswering || shown.isOver) return;
    shown.isAnswering = true;
    this.#setEnabled(false);
    this.#say("Signing, and sending the answer …");
    try {
      const recorded = await this.#device.challenges[decision](shown.question.challenge);
      if (this.#shown === shown) this.#close(recorded.status === "approved" ? "good" : "plain", ...ownAnswer(recorded));
    } catch (error) {
      if (this.#shown === shown) await this.#afterFailure(shown, error);
    }
  }

  /**
   * @param {Shown} shown
   * @param {unknown} error
   */
  async #afterFailure(shown, error) {
    if (isLost(error)) return this.#lose(shown, error);
    shown.isAnswering = false;
    shown.wasTried = isPassing(error);
    await this.#look(shown);
    if (this.#shown !== shown) return;
    this.#say(reason(error));
    this.#setEnabled(!shown.isOver);
  }

  /**
   * @param {Shown} shown
   * @param {unknown} error
   */
  #lose(shown, error) {
    this.#close("bad", `Nothing was answered. ${reason(error)}`);
    this.#events.onLost(shown.question.factor, error);
  }

  #putOff() {
    if (this.#shown === null || this.#shown.isAnswering) return;
    this.#close("plain", "Not answered: the request stays below until it expires.");
  }

  /**
   * @param {"good" | "bad" | "plain"} [mood]
   * @param {...(Node | string)} words
   */
  #close(mood, ...words) {
    this.#countdown.stop();
    this.#shown?.closed.abort();
    this.#shown = null;
    this.#dialog.close();
    if (mood !== undefined) this.#events.onClose(mood, ...words);
    this.#showNext();
  }

  #countQueue() {
    const count = this.#queue.length;
    find("#sheet-more").textContent =
      count === 0 ? "" : `${count} more ${count === 1 ? "request waits" : "requests wait"}`;
  }

  /** @param {boolean} isEnabled */
  #setEnabled(isEnabled) {
    this.#approve.disabled = !isEnabled;
    this.#deny.disabled = !isEnabled;
  }

  /** @param {string} text */
  #say(text) {
    if (this.#note.textContent !== text) this.#note.textContent = text;
  }
}

/**
 * @param {Challenge} recorded
 * @returns {(Node | string)[]}
 */
function ownAnswer(recorded) {
  return [recorded.status === "approved" ? "Approved: " : "Denied: ", foreign(recorded.message)];
}

/**
 * @param {string} status
 * @param {Shown} shown
 * @returns {["good" | "bad" | "plain", ...(Node | string)[]]}
 */
function decidedElsewhere(status, shown) {
  const message = foreign(shown.question.challenge.message);
  if (status === "expired") return ["bad", "The request expired while it was shown: ", message];
  if (shown.wasTried) return ["plain", `Your answer has arrived after all, the request is ${status}: `, message];
  return ["plain", `Answered on another device or in another tab, the request is ${status}: `, message];
}

/**
 * The factors of this device, and how it is connected on the whole.
 */

import { factorCard, updateCard } from "/device/factor-card.js";
import { stateText, worstOf } from "/device/wording.js";
import { find, keepList } from "/shared/dom.js";

/**
 * @typedef {import("/lib/pushward-device/index.js").Factor} Factor
 * @typedef {import("/device/factor-card.js").Look} Look
 */

export class FactorList {
  #actions;
  #lookOf;
  #place = find("#factors");
  #register = /** @type {HTMLDetailsElement} */ (find("#register"));
  /** @type {number | null} */
  #count = null;

  /**
   * @param {import("/device/factor-card.js").Actions} actions
   * @param {(factor: Factor) => Look} lookOf
   */
  constructor(actions, lookOf) {
    this.#actions = actions;
    this.#lookOf = lookOf;
  }

  /**
   * @param {readonly Factor[]} factors
   * @param {import("/device/wording.js").State[]} states Of those that are listened for.
   */
  show(factors, states) {
    const hadFocus = this.#place.contains(document.activeElement);
    keepList(
      this.#place,
      factors,
      (factor) => JSON.stringify([factor, this.#lookOf(factor).trouble, this.#lookOf(factor).settings.username]),
      (factor) => factorCard(factor, this.#lookOf(factor), this.#actions),
    );
    // Whoever was in a card that has gone or was made anew goes on at the list.
    if (hadFocus && !this.#place.contains(document.activeElement)) find("#factors-title").focus();
    find("#factors-empty").hidden = factors.length > 0;
    // Open where it is all there is to do; otherwise it stays as somebody left it.
    if (this.#count !== factors.length) this.#register.open = factors.length === 0;
    this.#count = factors.length;
    this.showStates(factors, states);
  }

  /**
   * @param {readonly Factor[]} factors
   * @param {import("/device/wording.js").State[]} states
   */
  showStates(factors, states) {
    factors.forEach((factor, at) => {
      const card = this.#place.children[at];
      if (card instanceof HTMLElement) updateCard(card, this.#lookOf(factor));
    });
    const state = worstOf(states);
    const pill = find("#connection");
    const text = state ? stateText(state) : factors.length === 0 ? "No factor yet" : "Not connected";
    if (pill.textContent !== text) pill.textContent = text;
    pill.className = `state ${state ?? "background"}`;
  }
}

/**
 * What the page has to say: read out by screen readers, and there until somebody dismisses it.
 */

import { find, make, makeButton } from "/shared/dom.js";

const NOTICES_MAX = 4;

export class Notices {
  #place;

  /** @param {HTMLElement} [place] A live region. */
  constructor(place = find("#notices")) {
    this.#place = place;
  }

  /**
   * @param {"good" | "bad" | "plain"} mood
   * @param {...(Node | string)} words
   */
  say(mood, ...words) {
    const notice = make("div", { class: `notice ${mood}` }, make("p", {}, ...words));
    notice.append(makeButton("Dismiss", () => notice.remove(), { class: "quiet-button" }));
    this.#place.append(notice);
    while (this.#place.children.length > NOTICES_MAX) this.#place.firstElementChild?.remove();
    notice.scrollIntoView?.({ block: "nearest" });
  }

  clear() {
    this.#place.replaceChildren();
  }
}

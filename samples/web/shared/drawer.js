/**
 * The drawer "What just happened": each exchange of the journal, the newest first, with everything in it decoded.
 *
 * An exchange is a `details` element; what is in it is built when somebody opens it, and built again when it changes.
 */

import { meaning, shortPath } from "/shared/calls.js";
import { credentials, form, json, jws, tokenTimes } from "/shared/decode.js";
import { find, make } from "/shared/dom.js";

/** @typedef {import("/shared/journal.js").Exchange} Exchange */

const SHOWN_MAX = 200;
const WIDE = "(min-width: 64rem)";

export class Drawer {
  #root;
  #list;
  #count;
  #toggle;
  /** @type {Map<number, HTMLDetailsElement>} */
  #shown = new Map();

  /**
   * @param {import("/shared/journal.js").Journal} journal
   * @param {HTMLElement} [root]
   */
  constructor(journal, root = find("#drawer")) {
    this.#root = root;
    this.#list = find(".exchanges", root);
    this.#count = find(".drawer-count", root);
    this.#toggle = /** @type {HTMLButtonElement} */ (find(".drawer-toggle", root));
    this.#toggle.addEventListener("click", () => this.#open(this.#toggle.getAttribute("aria-expanded") !== "true"));
    // Beside the page there is nothing to open; below it, it starts closed.
    const wide = matchMedia(WIDE);
    wide.addEventListener("change", () => this.#open(wide.matches));
    this.#open(wide.matches);
    find(".drawer-clear", root).addEventListener("click", () => this.#clear(journal));
    for (const exchange of journal.exchanges) this.#show(exchange);
    journal.addEventListener("exchange", (event) => this.#show(/** @type {CustomEvent} */ (event).detail));
  }

  /** @param {boolean} isOpen */
  #open(isOpen) {
    this.#toggle.setAttribute("aria-expanded", String(isOpen));
    this.#root.classList.toggle("open", isOpen);
  }

  /** @param {import("/shared/journal.js").Journal} journal */
  #clear(journal) {
    journal.exchanges.length = 0;
    this.#shown.clear();
    this.#list.replaceChildren();
    this.#count.textContent = "0";
  }

  /** @param {Exchange} exchange */
  #show(exchange) {
    let details = this.#shown.get(exchange.number);
    if (details === undefined) {
      details = /** @type {HTMLDetailsElement} */ (make("details", { class: "exchange" }, make("summary")));
      details.addEventListener("toggle", () => fill(/** @type {HTMLDetailsElement} */ (details), exchange));
      this.#shown.set(exchange.number, details);
      this.#list.prepend(make("li", {}, details));
      this.#forgetOldest();
      this.#count.textContent = String(this.#shown.size);
    }
    find("summary", details).replaceChildren(...summary(exchange));
    fill(details, exchange);
  }

  #forgetOldest() {
    if (this.#shown.size <= SHOWN_MAX) return;
    const [number, details] = /** @type {[number, HTMLDetailsElement]} */ (this.#shown.entries().next().value);
    this.#shown.delete(number);
    details.parentElement?.remove();
  }
}

/** @param {Exchange} exchange */
function summary(exchange) {
  const url = new URL(exchange.url, location.href);
  const status = exchange.status ?? (exchange.failure ? "no answer" : "…");
  const isGood = exchange.status !== null && exchange.status < 400;
  const mood = isGood ? "good" : exchange.isOpen && exchange.status === null ? "open" : "bad";
  return [
    make("span", { class: "exchange-route", text: exchange.route }),
    make("span", { class: "exchange-time", text: exchange.at.toLocaleTimeString() }),
    make("span", { class: "exchange-line" }, make("b", { text: exchange.method }), ` ${shortPath(url)}`),
    make("span", { class: `exchange-status ${mood}`, text: String(status) }),
    make("span", { class: "exchange-meaning", text: meaning(exchange.method, url.pathname) }),
    exchange.isOpen && exchange.status !== null ? make("span", { class: "exchange-open", text: "open" }) : null,
  ].filter((part) => part !== null);
}

/**
 * @param {HTMLDetailsElement} details
 * @param {Exchange} exchange
 */
function fill(details, exchange) {
  if (!details.open) {
    details.querySelector(".exchange-body")?.remove();
    return;
  }
  const body = make(
    "div",
    { class: "exchange-body" },
    part("Request"),
    pairs([["URL", exchange.url], ...exchange.requestHeaders]),
    ...exchange.requestHeaders
      .filter(([name]) => name.toLowerCase() === "authorization")
      .map(([, value]) => authorization(value)),
    ...requestBody(exchange),
    part(exchange.status === null ? "No answer yet" : `Answer ${exchange.status}`),
    exchange.failure ? make("p", { class: "exchange-failure", text: exchange.failure }) : null,
    exchange.milliseconds === null
      ? null
      : make("p", { class: "quiet", text: `after ${Math.round(exchange.milliseconds)} ms` }),
    pairs(exchange.responseHeaders),
    exchange.responseBody ? block(json(exchange.responseBody) ?? exchange.responseBody, "Body of the answer") : null,
  );
  const before = details.querySelector(".exchange-body");
  if (before === null) details.append(body);
  else before.replaceWith(body);
}

/** @param {string} value */
function authorization(value) {
  const told = credentials(value);
  if (told === null) return null;
  return box(
    `HTTP Basic, decoded: ${told.kind}`,
    pairs([
      ["user", told.user],
      ["password", told.jws ? "the token below" : told.password],
    ]),
    ...(told.jws ? jwsParts(told.jws, tokenTimes(told.jws)) : []),
  );
}

/** @param {Exchange} exchange */
function requestBody(exchange) {
  if (!exchange.requestBody) return [];
  const asJson = json(exchange.requestBody);
  if (asJson !== null) return [block(asJson, "Body of the request")];
  const fields = form(exchange.requestBody);
  return [
    box("Form", pairs(fields)),
    ...fields.map(([name, value]) => {
      const signed = jws(value);
      return signed ? box(`${name}: what was signed`, ...jwsParts(signed, [])) : null;
    }),
  ];
}

/**
 * @param {import("/shared/decode.js").Jws} token
 * @param {[string, string][]} times
 */
function jwsParts(token, times) {
  return [
    block(token.header, "Header"),
    block(token.payload, "Payload"),
    times.length > 0 ? pairs(times) : null,
    block(token.signature, "Signature (ES256)"),
  ];
}

/** @param {string} text */
function part(text) {
  return make("h3", { text });
}

/**
 * @param {string} title
 * @param {...(Node | null)} children
 */
function box(title, ...children) {
  return make("section", { class: "decoded" }, make("h4", { text: title }), ...children);
}

/** @param {[string, string][]} entries */
function pairs(entries) {
  if (entries.length === 0) return null;
  const rows = entries.map(([name, value]) =>
    make("div", {}, make("dt", { text: name }), make("dd", { text: value, dir: "auto" })),
  );
  return make("dl", { class: "pairs" }, ...rows);
}

/**
 * @param {string} text
 * @param {string} title
 */
function block(text, title) {
  return make("figure", {}, make("figcaption", { text: title }), make("pre", { text, dir: "auto" }));
}

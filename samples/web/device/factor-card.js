/**
 * A factor, as a card: whose it is, how it is connected, and what can be done with it.
 */

import { foreign, make, makeButton, onSubmit } from "/shared/dom.js";
import { stateText } from "/device/wording.js";

/**
 * @typedef {import("/lib/pushward-device/index.js").Factor} Factor
 *
 * @typedef {object} Look How a factor stands.
 * @property {import("/device/settings.js").FactorSettings} settings
 * @property {import("/device/wording.js").State | undefined} state
 * @property {string} trouble Why it is of no more use; empty if it is.
 *
 * @typedef {object} Actions
 * @property {(factor: Factor) => unknown} signIn
 * @property {(factor: Factor, isSilent: boolean) => unknown} setSilent
 * @property {(factor: Factor, friendlyName: string) => unknown} rename
 * @property {(factor: Factor) => unknown} remove
 * @property {(factor: Factor) => unknown} verify
 * @property {(factor: Factor) => unknown} enrolAgain
 */

/**
 * @param {Factor} factor
 * @param {Look} look
 * @param {Actions} actions
 * @returns {HTMLElement}
 */
export function factorCard(factor, look, actions) {
  const titleId = `factor-${factor.sid}`;
  return make(
    "article",
    { class: "card factor", "aria-labelledby": titleId, "data-sid": factor.sid },
    make("h3", { id: titleId }, foreign(factor.friendlyName)),
    make("p", { class: "quiet" }, "For ", foreign(look.settings.username || factor.identity)),
    statePlace(look),
    ...(look.trouble ? lostParts(factor, look, actions) : usableParts(factor, look, actions)),
    manage(factor, actions),
  );
}

/**
 * Brings a card up to date with how its factor is connected, and with a switch that another tab has turned.
 *
 * @param {HTMLElement} card
 * @param {Look} look
 */
export function updateCard(card, look) {
  card.querySelector(".state")?.replaceWith(statePlace(look));
  const silent = card.querySelector("[role=switch]");
  if (silent instanceof HTMLInputElement) silent.checked = look.settings.isSilent;
}

/** @param {Look} look */
function statePlace({ state, trouble }) {
  const text = trouble ? "Not usable" : state ? stateText(state) : "Not connected";
  return make("p", { class: `state ${trouble ? "lost" : (state ?? "offline")}`, text });
}

/**
 * @param {Factor} factor
 * @param {Look} look
 * @param {Actions} actions
 */
function lostParts(factor, look, actions) {
  return [
    make("p", { class: "trouble", role: "alert", text: look.trouble }),
    makeButton("Enrol again", () => actions.enrolAgain(factor), { class: "primary" }),
  ];
}

/**
 * @param {Factor} factor
 * @param {Look} look
 * @param {Actions} actions
 */
function usableParts(factor, look, actions) {
  if (factor.status !== "verified") {
    return [
      make("p", { class: "trouble", text: "The server hasn’t seen yet that this device holds the key." }),
      makeButton("Prove it now", () => actions.verify(factor), { class: "primary" }),
    ];
  }
  const silent = make("input", {
    type: "checkbox",
    role: "switch",
    id: `silent-${factor.sid}`,
    checked: look.settings.isSilent,
  });
  silent.addEventListener("change", () => actions.setSilent(factor, silent.checked));
  return [
    make(
      "div",
      { class: "switch" },
      silent,
      make("label", { for: silent.id, text: "Approve my own sign-ins silently" }),
    ),
    makeButton("Sign in from this device", () => actions.signIn(factor)),
  ];
}

/**
 * @param {Factor} factor
 * @param {Actions} actions
 */
function manage(factor, actions) {
  const nameId = `name-${factor.sid}`;
  const form = make(
    "form",
    {},
    make("label", { for: nameId, text: "Name of this device" }),
    make("input", {
      id: nameId,
      name: "friendlyName",
      value: factor.friendlyName,
      maxlength: 64,
      required: true,
      dir: "auto",
    }),
    make("button", { type: "submit", text: "Rename" }),
  );
  onSubmit(form, ({ friendlyName = "" }) => actions.rename(factor, friendlyName));
  return make(
    "details",
    { class: "manage" },
    make("summary", { text: "Rename, delete, details" }),
    form,
    make(
      "dl",
      { class: "pairs" },
      ...[
        ["Factor", factor.sid],
        ["Credential", factor.credentialSid],
        ["Identity", factor.identity],
      ].map(([name, value]) => make("div", {}, make("dt", { text: name }), make("dd", { text: value }))),
    ),
    makeButton("Delete this factor", () => actions.remove(factor), { class: "danger" }),
  );
}

/**
 * The lists of requests: those that can still be answered, and those that can't.
 */

import { find, foreign, keepList, make, makeButton } from "/shared/dom.js";

const STATUS_TEXTS = /** @type {Record<string, string>} */ ({
  approved: "Approved",
  denied: "Denied",
  expired: "Expired",
});

/**
 * @typedef {import("/lib/pushward-device/index.js").Factor} Factor
 * @typedef {import("/lib/pushward-device/index.js").Challenge} Challenge
 * @typedef {{ factor: Factor, username: string, challenge: Challenge }} Entry
 */

/**
 * @param {Entry[]} entries Of all factors.
 * @param {number} now Milliseconds since the epoch, by the server's clock.
 * @param {(entry: Entry) => unknown} open
 */
export function showChallenges(entries, now, open) {
  const newestFirst = entries.toSorted(
    (one, other) => other.challenge.dateCreated.getTime() - one.challenge.dateCreated.getTime(),
  );
  const isOpen = (/** @type {Entry} */ { challenge }) =>
    challenge.status === "pending" && challenge.expirationDate.getTime() > now;
  fill("#pending", newestFirst.filter(isOpen), (entry) => pendingItem(entry, open));
  fill(
    "#answered",
    newestFirst.filter((entry) => !isOpen(entry)),
    answeredItem,
  );
}

/**
 * @param {string} list
 * @param {Entry[]} entries
 * @param {(entry: Entry) => HTMLElement} item
 */
function fill(list, entries, item) {
  keepList(find(list), entries, ({ challenge }) => challenge.sid, item);
  find(`${list}-empty`).hidden = entries.length > 0;
}

/**
 * @param {Entry} entry
 * @param {(entry: Entry) => unknown} open
 */
function pendingItem(entry, open) {
  const { challenge } = entry;
  return make(
    "li",
    { class: "card challenge", "data-sid": challenge.sid },
    make("p", { class: "message", text: challenge.message, dir: "auto" }),
    make(
      "p",
      { class: "quiet" },
      "For ",
      foreign(entry.username || entry.factor.identity),
      ` until ${challenge.expirationDate.toLocaleTimeString()}`,
    ),
    makeButton("Look at it", () => open(entry), { class: "primary" }),
  );
}

/** @param {Entry} entry */
function answeredItem({ challenge, factor, username }) {
  const status = challenge.status === "pending" ? "expired" : challenge.status;
  return make(
    "li",
    { class: "challenge", "data-sid": challenge.sid },
    make(
      "details",
      {},
      make(
        "summary",
        {},
        make("span", { class: "message", text: challenge.message, dir: "auto" }),
        " ",
        make("span", { class: `chip ${status}`, text: STATUS_TEXTS[status] ?? status }),
      ),
      make(
        "p",
        { class: "quiet" },
        "For ",
        foreign(username || factor.identity),
        `, ${challenge.dateCreated.toLocaleString()}`,
      ),
      pairs(
        "Fields",
        challenge.fields.map(({ label, value }) => [label, value]),
      ),
      pairs("Hidden details", Object.entries(challenge.hiddenDetails)),
    ),
  );
}

/**
 * @param {string} title
 * @param {[string, string][]} entries
 */
function pairs(title, entries) {
  if (entries.length === 0) return null;
  const rows = entries.map(([name, value]) =>
    make("div", {}, make("dt", { text: name, dir: "auto" }), make("dd", { text: value, dir: "auto" })),
  );
  return make("section", {}, make("h3", { text: title }), make("dl", { class: "pairs" }, ...rows));
}

/**
 * The bank's web app: signing in and paying, each approved on the user's own device.
 *
 * One view at a time: sign-in, waiting, account. Whatever is asked goes through `ask`, which waits and tells how it ended.
 */

import { answered } from "/bank/waiting.js";
import { followCalls } from "/bank/calls.js";
import { Backend, BackendError } from "/shared/backend.js";
import { Countdown } from "/shared/countdown.js";
import { find, foreign, make, onSubmit } from "/shared/dom.js";
import { Drawer } from "/shared/drawer.js";
import { Journal, recordingFetch } from "/shared/journal.js";
import { Notices } from "/shared/notices.js";
import { ServerClock } from "/shared/server-clock.js";

const VIEWS = /** @type {const} */ (["sign-in", "waiting", "account"]);

const clock = new ServerClock();
const journal = new Journal();
const backend = new Backend(recordingFetch(journal, "page → bank", clock));
const notices = new Notices();
const countdown = new Countdown(find("#waiting-left"), clock);

let username = "";
/** @type {AbortController | null} */
let waiting = null;

/** @param {typeof VIEWS[number]} view */
function show(view) {
  for (const name of VIEWS) find(`#${name}`).hidden = name !== view;
  find(`#${view} h1`).focus();
}

/**
 * Asks the device, shows that, and waits for the answer.
 *
 * @param {string} user
 * @param {string} what Such as "sign-in": what the answer is about.
 * @param {[string, string][]} lines What the device will show, too.
 * @param {() => Promise<import("/shared/backend.js").Asked>} question
 * @returns {Promise<boolean>} Whether it was approved. Why not is said.
 */
async function ask(user, what, lines, question) {
  notices.clear();
  const stop = new AbortController();
  waiting = stop;
  try {
    const asked = await question();
    showWaiting(user, what, lines, asked);
    const outcome = await answered(backend, user, asked, clock, showTrouble, stop.signal);
    if (outcome === null) notices.say("plain", `You no longer wait for the ${what}. The device may still show it.`);
    else tell(what, outcome);
    return outcome?.status === "approved";
  } catch (error) {
    notices.say("bad", ...reason(error));
    return false;
  } finally {
    countdown.stop();
    waiting = null;
  }
}

/**
 * @param {string} user
 * @param {string} what
 * @param {[string, string][]} lines
 * @param {import("/shared/backend.js").Asked} asked
 */
function showWaiting(user, what, lines, asked) {
  find("#waiting-what").textContent = what;
  find("#waiting-who").textContent = user;
  find("#waiting-lines").replaceChildren(
    ...lines.map(([name, value]) => make("div", {}, make("dt", { text: name }), make("dd", {}, foreign(value)))),
  );
  find("#waiting-trouble").textContent = "";
  countdown.start(new Date(asked.expiration_date), () => {
    find("#waiting-trouble").textContent = "The time is over. Asking the bank how it ended …";
  });
  show("waiting");
}

/** @param {BackendError | null} trouble */
function showTrouble(trouble) {
  const place = find("#waiting-trouble");
  const text = trouble === null ? "" : `${trouble.message} Still trying; the device can answer meanwhile.`;
  if (place.textContent !== text) place.textContent = text;
}

/**
 * @param {string} what
 * @param {import("/bank/waiting.js").Outcome} outcome
 */
function tell(what, outcome) {
  const how = outcome.seenBy === "webhook" ? "A webhook brought the answer." : "The bank looked it up.";
  if (outcome.status === "approved") notices.say("good", `The ${what} was approved on the device. ${how}`);
  if (outcome.status === "denied") {
    notices.say(
      "bad",
      `The ${what} was denied on the device, so nothing happened. ${how} Was it not you who asked? ` +
        "Then somebody knows your user name, and could do nothing with it.",
    );
  }
  if (outcome.status === "expired") {
    notices.say("bad", `Nobody answered in time: the ${what} has expired, and nothing happened. You can ask again.`);
  }
}

/**
 * @param {unknown} error
 * @returns {(Node | string)[]}
 */
function reason(error) {
  if (!(error instanceof BackendError)) throw error;
  switch (error.code) {
    case "no_factor":
    case "factor_not_verified":
      return [
        "There is no device of yours yet. ",
        make("a", { href: "/device/", target: "_blank", text: "Register this one" }),
        ", or open that page on your phone, and try again.",
      ];
    case "rate_limited":
      return [`Too many requests. Wait ${error.retrySeconds} s, and try again.`];
    case "pushward_away":
    case "busy":
      return ["The bank can’t reach your devices at the moment. Nothing was asked; try again in a little while."];
    case "away":
      return ["The bank doesn’t answer. Look at your connection, and try again."];
    default:
      return [foreign(error.message)];
  }
}

onSubmit(find("#sign-in-form"), async (values) => {
  const user = String(values.username);
  if (await ask(user, "sign-in", [], () => backend.login({ username: user }))) {
    username = user;
    find("#account-who").textContent = user;
    show("account");
  } else show("sign-in");
});

onSubmit(find("#transfer-form"), async ({ amount = "", payee = "" }) => {
  const lines = /** @type {[string, string][]} */ ([
    ["Amount", `${amount} EUR`],
    ["Payee", payee],
  ]);
  if (await ask(username, "transfer", lines, () => backend.transfer({ username, amount, payee }))) {
    find("#history").prepend(
      make("li", {}, make("span", {}, "To ", foreign(payee)), make("b", { text: `${amount} EUR` })),
    );
    find("#history-empty").hidden = true;
    /** @type {HTMLFormElement} */ (find("#transfer-form")).reset();
  }
  show("account");
});

find("#waiting-stop").addEventListener("click", () => waiting?.abort());
find("#sign-out").addEventListener("click", () => {
  username = "";
  notices.clear();
  find("#history").replaceChildren();
  find("#history-empty").hidden = false;
  show("sign-in");
});

new Drawer(journal);
void followCalls(new Backend(fetch.bind(globalThis)), journal);

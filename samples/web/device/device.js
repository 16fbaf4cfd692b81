/**
 * The device: a person's factors in this browser, what is asked of them, and the sheet on which it is decided.
 *
 * Composition and nothing else: the library does the protocol, `sheet.js` the deciding, `listening.js` the listening.
 */

import { FactorList } from "/device/factor-list.js";
import { Listening } from "/device/listening.js";
import { openDevice, whereIsPushward } from "/device/opening.js";
import { Registration } from "/device/registration.js";
import { Requests } from "/device/requests.js";
import { Settings } from "/device/settings.js";
import { Sheet } from "/device/sheet.js";
import { keepShell } from "/device/shell.js";
import { SilentSignIn } from "/device/silent.js";
import { isLost, reason } from "/device/wording.js";
import { Backend } from "/shared/backend.js";
import { find, foreign, makeButton, once, onSubmit } from "/shared/dom.js";
import { Drawer } from "/shared/drawer.js";
import { Journal, recordingFetch } from "/shared/journal.js";
import { Notices } from "/shared/notices.js";
import { ServerClock } from "/shared/server-clock.js";

/** @typedef {import("/lib/pushward-device/index.js").Factor} Factor */

const GONE = " is gone from this browser: deleted in another tab, or with the site’s data. Enrol again to use it.";

const clock = new ServerClock();
const journal = new Journal();
const settings = new Settings();
const notices = new Notices();
const backend = new Backend(recordingFetch(journal, "device → bank", { notice() {} }));
/** Other tabs with this page share the factors, and the questions. */
const otherTabs = new BroadcastChannel("pushward-sample-device");

class DevicePage {
  #device;
  #listening;
  #sheet;
  #silent;
  #registration;
  #list;
  #requests;
  /** @type {readonly Factor[]} */
  #factors = [];
  /** @type {Map<string, string>} */
  #troubles = new Map();

  /** @param {import("/lib/pushward-device/index.js").PushwardDevice} device */
  constructor(device) {
    const onLost = this.#lose.bind(this);
    const onError = this.#tell.bind(this);
    this.#device = device;
    this.#silent = new SilentSignIn(device, backend);
    this.#registration = new Registration(device, backend, settings);
    this.#list = new FactorList(
      {
        signIn: (factor) => this.#signIn(factor),
        setSilent: ({ sid }, isSilent) => settings.change(sid, { isSilent }),
        rename: ({ sid }, friendlyName) => this.#change(() => device.updateFactor(sid, { friendlyName })),
        verify: ({ sid }) => this.#change(() => device.verifyFactor(sid)),
        remove: (factor) => this.#remove(factor),
        enrolAgain: (factor) => this.#enrolAgain(factor),
      },
      (factor) => this.#lookOf(factor),
    );
    this.#sheet = new Sheet(device, clock, {
      onLost,
      onClose: (mood, ...words) => {
        notices.say(mood, ...words);
        otherTabs.postMessage("challenges");
        void this.#requests.refresh();
      },
    });
    this.#requests = new Requests(device, clock, {
      onError,
      onOpen: (entry) => this.#sheet.offer(entry),
      holders: () => this.#usable().map((factor) => this.#holder(factor)),
    });
    this.#listening = new Listening(device, {
      onError,
      onState: () => this.#list.showStates(this.#factors, this.#listening.states()),
      onChallenge: (factor, challenge) => {
        if (!this.#silent.expects(challenge)) this.#sheet.offer({ ...this.#holder(factor), challenge });
        void this.#requests.refresh();
      },
    });
  }

  async start() {
    onSubmit(find("#register-form"), (values) => this.#register(values));
    const lookAgain = /** @type {HTMLButtonElement} */ (find("#look-again"));
    lookAgain.disabled = false;
    lookAgain.addEventListener("click", (event) => void once(event, () => this.refreshFactors()));
    otherTabs.addEventListener(
      "message",
      ({ data }) => void (data === "factors" ? this.refreshFactors() : this.#lookAgain()),
    );
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.refreshFactors().then(() => this.#lookAgain());
    });
    addEventListener("online", () => void this.#requests.refresh());
    await this.refreshFactors();
  }

  /** Shows the factors that this browser holds, and listens for each. */
  async refreshFactors() {
    const before = this.#factors;
    try {
      this.#factors = await this.#device.factors.all();
    } catch (error) {
      notices.say("bad", reason(error));
      return;
    }
    for (const gone of before.filter(({ sid }) => !this.#factors.some((factor) => factor.sid === sid))) {
      this.#sheet.drop(gone.sid);
      notices.say("plain", foreign(gone.friendlyName), GONE);
    }
    for (const sid of this.#troubles.keys())
      if (!this.#factors.some((factor) => factor.sid === sid)) this.#troubles.delete(sid);
    this.#listening.follow(this.#usable());
    this.#showFactors();
    await this.#requests.refresh();
  }

  #lookAgain() {
    this.#sheet.lookAgain();
    return this.#requests.refresh();
  }

  /** @param {Record<string, string>} values */
  async #register({ username = "", name = "" }) {
    try {
      const factor = await this.#registration.register(username, name);
      notices.say("good", foreign(factor.friendlyName), " can now answer for ", foreign(username), ".");
      /** @type {HTMLFormElement} */ (find("#register-form")).reset();
    } catch (error) {
      notices.say("bad", reason(error));
    }
    await this.#factorsChanged();
  }

  async #factorsChanged() {
    otherTabs.postMessage("factors");
    await this.refreshFactors();
  }

  #showFactors() {
    this.#list.show(this.#factors, this.#listening.states());
  }

  /** @param {Factor} factor */
  #lookOf(factor) {
    return {
      settings: settings.of(factor.sid),
      state: this.#listening.stateOf(factor.sid),
      trouble: this.#troubles.get(factor.sid) ?? "",
    };
  }

  /** Those that can be asked. */
  #usable() {
    return this.#factors.filter((factor) => factor.status === "verified" && !this.#troubles.has(factor.sid));
  }

  /** @param {Factor} factor */
  #holder(factor) {
    return { factor, username: settings.of(factor.sid).username };
  }

  /** @param {Factor} factor */
  async #signIn(factor) {
    const { username, isSilent } = settings.of(factor.sid);
    if (!username) {
      notices.say("bad", "This browser no longer knows whose factor this is. Sign in on the bank’s page.");
      return;
    }
    let challengeSid = "";
    try {
      if (isSilent) {
        const status = await this.#silent.signIn(factor.sid, username, (sid) => {
          challengeSid = sid;
        });
        otherTabs.postMessage("challenges");
        notices.say(
          status === "approved" ? "good" : "bad",
          `The sign-in of `,
          foreign(username),
          ` is ${status}, silently.`,
        );
      } else await backend.login({ username, factor_sid: factor.sid });
    } catch (error) {
      this.#tell(factor, error);
      // What wasn't approved silently is for the person to decide, if it still can be.
      if (challengeSid) await this.#requests.open(this.#holder(factor), challengeSid);
    }
    await this.#requests.refresh();
  }

  /** @param {() => Promise<unknown>} change */
  async #change(change) {
    try {
      await change();
    } catch (error) {
      notices.say("bad", reason(error));
    }
    await this.#factorsChanged();
  }

  /** @param {Factor} factor */
  async #remove(factor) {
    if (!(await confirmed(factor))) return;
    this.#listening.leave(factor.sid);
    const wasLost = this.#troubles.has(factor.sid);
    try {
      await this.#device.deleteFactor(factor.sid);
      notices.say("plain", wasLost ? "Removed from this device: " : "Deleted: ", foreign(factor.friendlyName), ".");
    } catch (error) {
      notices.say("bad", reason(error));
      return this.#factorsChanged();
    }
    settings.forget(factor.sid);
    this.#sheet.drop(factor.sid);
    this.#factors = this.#factors.filter(({ sid }) => sid !== factor.sid);
    return this.#factorsChanged();
  }

  /** @param {Factor} factor */
  #enrolAgain(factor) {
    const details = /** @type {HTMLDetailsElement} */ (find("#register"));
    details.open = true;
    /** @type {HTMLInputElement} */ (find("#username")).value = this.#holder(factor).username;
    /** @type {HTMLInputElement} */ (find("#device-name")).value = factor.friendlyName;
    find("#username").focus();
  }

  /**
   * @param {Factor} factor
   * @param {unknown} error
   */
  #tell(factor, error) {
    if (isLost(error)) this.#lose(factor, error);
    else notices.say("bad", reason(error));
  }

  /**
   * @param {Factor} factor
   * @param {unknown} error
   */
  #lose(factor, error) {
    if (this.#troubles.has(factor.sid)) return;
    this.#troubles.set(factor.sid, reason(error));
    this.#listening.leave(factor.sid);
    this.#sheet.drop(factor.sid);
    this.#showFactors();
  }
}

/**
 * @param {Factor} factor
 * @returns {Promise<boolean>}
 */
function confirmed(factor) {
  const dialog = /** @type {HTMLDialogElement} */ (find("#confirm"));
  find("#confirm-what").replaceChildren(foreign(factor.friendlyName));
  return new Promise((resolve) => {
    const end = (/** @type {boolean} */ isSure) => {
      dialog.close();
      resolve(isSure);
    };
    find("#confirm-actions").replaceChildren(
      makeButton("Keep it", () => end(false)),
      makeButton("Delete it", () => end(true), { class: "danger" }),
    );
    dialog.addEventListener("cancel", () => resolve(false), { once: true });
    dialog.showModal();
  });
}

new Drawer(journal);
void keepShell();
const baseUrl = await whereIsPushward(backend, settings, notices);
const device = await openDevice(baseUrl, recordingFetch(journal, "device → Pushward", clock));
await new DevicePage(device).start();

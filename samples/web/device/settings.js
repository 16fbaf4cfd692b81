/**
 * What this page remembers of each factor, on this device alone: whose it is, and whether it may approve silently.
 *
 * Where the browser keeps nothing, it is remembered until the page is left. No secret is ever in here.
 */

const PREFIX = "pushward-sample:";

/** @typedef {{ username: string, isSilent: boolean }} FactorSettings */

export class Settings {
  /** @type {Map<string, string>} */
  #unkept = new Map();

  /**
   * @param {string} factorSid
   * @returns {FactorSettings}
   */
  of(factorSid) {
    try {
      const { username, isSilent } = JSON.parse(this.#read(factorSid) ?? "{}");
      return { username: typeof username === "string" ? username : "", isSilent: isSilent === true };
    } catch {
      return { username: "", isSilent: false };
    }
  }

  /**
   * @param {string} factorSid
   * @param {Partial<FactorSettings>} change
   */
  change(factorSid, change) {
    this.#write(factorSid, JSON.stringify({ ...this.of(factorSid), ...change }));
  }

  /** @param {string} factorSid */
  forget(factorSid) {
    this.#unkept.delete(factorSid);
    try {
      localStorage.removeItem(PREFIX + factorSid);
    } catch {
      // Then it wasn't kept there either.
    }
  }

  /** Where Pushward is, for a start without a network. */
  get baseUrl() {
    return this.#read("base-url");
  }

  set baseUrl(url) {
    if (url !== null) this.#write("base-url", url);
  }

  /** @param {string} name */
  #read(name) {
    try {
      return localStorage.getItem(PREFIX + name) ?? this.#unkept.get(name) ?? null;
    } catch {
      return this.#unkept.get(name) ?? null;
    }
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  #write(name, value) {
    this.#unkept.set(name, value);
    try {
      localStorage.setItem(PREFIX + name, value);
    } catch {
      // Full or refused: it is remembered until the page is left.
    }
  }
}

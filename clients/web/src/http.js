/**
 * One connection to a Pushward edge, by fetch.
 *
 * After enrolment each request carries a device JWT, in its Authorization header alone. A 401 that tells the server's
 * time is tried once more with a corrected clock; enrolment is never repeated. No cookies, no redirects, no cache, no
 * referrer: a token goes to the host it is meant for, or nowhere. Every exchange and every body has its limit.
 */

import { follow, withinSeconds } from "./abort.js";
import { checkedBaseUrl } from "./base-url.js";
import { answerText, boundedBody } from "./body.js";
import { DeviceAuth, basicToken } from "./device-auth.js";
import { AnswerFormatError, NetworkError, PushwardDeviceError } from "./errors.js";
import { refusal } from "./refusal.js";

/** @import { Clock } from "./clock.js" */
/** @import { Factor } from "./factor.js" */
/** @import { Store } from "./store.js" */

/** For all of an exchange: to connect, to send, to read the whole answer. */
export const EXCHANGE_SECONDS_MAX = 30;

/** Until a stream says its first word; some proxies keep one back for ever. */
export const STREAM_OPENING_SECONDS_MAX = 5;

/** An open stream says something at least this often, if only a comment; else it is taken for dead. */
export const STREAM_SILENCE_SECONDS_MAX = 60;

const SIGNATURE_FIELDS_HEADER = "Twilio-Verify-Signature-Fields";

/** @type {Readonly<RequestInit>} */
const FETCH_OPTIONS = Object.freeze({
  credentials: "omit",
  redirect: "error",
  cache: "no-store",
  referrerPolicy: "no-referrer",
});

/** @typedef {(url: string, init: RequestInit) => Promise<Response>} Fetch */

/**
 * What of an answer matters here: its text and, for a challenge, the header that came with it.
 *
 * @typedef {Readonly<{ text: string, signatureFields: string | null }>} Answer
 */

/**
 * An answer without end. `read` gives the next bytes, null at the end; `close` lets go of it, also while it is read.
 *
 * @typedef {Readonly<{ read: () => Promise<Uint8Array | null>, close: () => void }>} ByteStream
 */

/**
 * @typedef {object} RequestOptions
 * @property {Record<string, string>} [query]
 * @property {Record<string, string>} [form]
 * @property {AbortSignal} [signal]
 */

/** HTTP to one edge. Answers have status 2xx; all else is thrown. */
export class Connection {
  #baseUrl;
  #store;
  #clock;
  #fetch;
  /** @type {Map<string, DeviceAuth>} */
  #auths = new Map();
  #closing = new AbortController();

  /** @param {{ baseUrl: string, store: Store, clock: Clock, fetch: Fetch }} parts */
  constructor({ baseUrl, store, clock, fetch }) {
    this.#baseUrl = checkedBaseUrl(baseUrl);
    this.#store = store;
    this.#clock = clock;
    this.#fetch = fetch;
  }

  /** Aborted once the connection is closed. */
  get closed() {
    return this.#closing.signal;
  }

  /** End whatever is going on, and refuse all that comes. */
  close() {
    this.#closing.abort(new DOMException("This device was closed.", "AbortError"));
  }

  /**
   * POST with an access token; never repeated.
   *
   * @param {string} path
   * @param {string} accessToken
   * @param {Record<string, string>} form
   * @returns {Promise<Answer>}
   */
  enrol(path, accessToken, form) {
    return this.#exchange({ form }, async (signal) =>
      this.#send("POST", path, basicToken(accessToken), { form, signal }),
    );
  }

  /**
   * A request as one of this device's factors.
   *
   * @param {"GET" | "POST" | "DELETE"} method
   * @param {string} path
   * @param {Factor} factor
   * @param {RequestOptions} [options]
   * @returns {Promise<Answer>}
   */
  request(method, path, factor, options = {}) {
    return this.#exchange(options, (signal) => this.#sendAs(factor, method, path, { ...options, signal }));
  }

  /**
   * A stream of events that has begun to speak.
   *
   * @param {string} path
   * @param {Factor} factor
   * @param {AbortSignal} signal
   * @returns {Promise<ByteStream>}
   */
  async stream(path, factor, signal) {
    const life = new AbortController();
    const unfollow = follow(life, [signal, this.closed]);
    const close = () => {
      unfollow();
      life.abort();
    };
    /** @type {(seconds: number, work: () => Promise<Uint8Array | null>) => Promise<Uint8Array | null>} */
    const within = (seconds, work) =>
      this.#orNetworkError(signal, () =>
        withinSeconds(this.#clock, seconds, undefined, (limit) => {
          limit.addEventListener("abort", () => life.abort(limit.reason), { once: true });
          return work();
        }),
      );
    /** @type {ReadableStreamDefaultReader<Uint8Array> | undefined} */
    let reader;
    const read = async () => {
      const { value } = await /** @type {NonNullable<typeof reader>} */ (reader).read();
      return value ?? null;
    };
    try {
      let first = await within(STREAM_OPENING_SECONDS_MAX, async () => {
        reader = await this.#eventStream(path, factor, life.signal);
        return read();
      });
      return {
        read: async () => {
          const held = first;
          first = null;
          return held ?? within(STREAM_SILENCE_SECONDS_MAX, read);
        },
        close,
      };
    } catch (error) {
      close();
      throw error;
    }
  }

  /** @param {string} path @param {Factor} factor @param {AbortSignal} signal */
  async #eventStream(path, factor, signal) {
    const response = await this.#sendAs(factor, "GET", path, { signal, accept: "text/event-stream" });
    if (!response.ok) throw refusal(response, await boundedBody(response));
    const contentType = response.headers.get("Content-Type")?.split(";")[0]?.trim();
    if (contentType !== "text/event-stream" || response.body === null) {
      await response.body?.cancel();
      throw new AnswerFormatError("The answer isn't a stream of events.");
    }
    return response.body.getReader();
  }

  /**
   * @param {RequestOptions} options
   * @param {(signal: AbortSignal) => Promise<Response>} send
   * @returns {Promise<Answer>}
   */
  async #exchange({ signal }, send) {
    const ending = new AbortController();
    const unfollow = follow(ending, [signal, this.closed]);
    try {
      return await this.#orNetworkError(ending.signal, () =>
        withinSeconds(this.#clock, EXCHANGE_SECONDS_MAX, ending.signal, async (limit) => {
          const response = await send(limit);
          const body = await boundedBody(response);
          if (!response.ok) throw refusal(response, body);
          return { text: answerText(body), signatureFields: response.headers.get(SIGNATURE_FIELDS_HEADER) };
        }),
      );
    } finally {
      unfollow();
    }
  }

  /**
   * @param {Factor} factor
   * @param {string} method
   * @param {string} path
   * @param {RequestOptions & { signal: AbortSignal, accept?: string }} options
   */
  async #sendAs(factor, method, path, options) {
    const auth = this.#auth(factor);
    const response = await this.#send(method, path, await auth.authorization(), options);
    if (response.status !== 401 || !(await auth.correctClock(response.headers.get("Date")))) return response;
    await response.body?.cancel();
    return this.#send(method, path, await auth.authorization(), options);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string} authorization
   * @param {RequestOptions & { signal: AbortSignal, accept?: string }} options
   */
  #send(method, path, authorization, { query, form, signal, accept = "application/json" }) {
    signal.throwIfAborted();
    const url = `${this.#baseUrl}${path}${query ? `?${new URLSearchParams(query)}` : ""}`;
    const headers = { Accept: accept, Authorization: authorization };
    const body = form && new URLSearchParams(form);
    return this.#fetch(url, { ...FETCH_OPTIONS, method, headers, signal, ...(body && { body }) });
  }

  /** @param {Factor} factor */
  #auth(factor) {
    const auth = this.#auths.get(factor.sid) ?? new DeviceAuth(factor, this.#store, this.#clock);
    this.#auths.set(factor.sid, auth);
    return auth;
  }

  /**
   * @template T
   * @param {AbortSignal} signal What ends the work early is thrown as it is: its reason.
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #orNetworkError(signal, work) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      this.closed.throwIfAborted();
      if (error instanceof PushwardDeviceError) throw error;
      const name = error instanceof Error ? error.name : "unknown";
      throw new NetworkError(`No complete answer from the server (${name}). It may have acted: read the state again.`, {
        cause: error,
      });
    }
  }
}

/**
 * A path of these segments, each percent-encoded. Throws a TypeError for one that a URL would take for a way up.
 *
 * @param {...string} segments
 */
export function pathOf(...segments) {
  for (const segment of segments) {
    if (typeof segment !== "string" || /^(\.\.?)?$/.test(segment)) {
      throw new TypeError("A SID or identity is empty, or isn't one.");
    }
  }
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join("");
}

/**
 * Every HTTP exchange of a page, written down as it happens.
 *
 * It sits on the `fetch` seam: the library, or the page, gets a `fetch` that notes what goes out and what comes back, and
 * changes neither. What a browser adds by itself (Origin, User-Agent, …) can't be seen from here.
 */

const EXCHANGES_MAX = 200;
const BODY_CHARACTERS_MAX = 64 * 1024;

/**
 * @typedef {object} Exchange
 * @property {number} number
 * @property {string} route Who asked whom, such as "device → Pushward".
 * @property {Date} at
 * @property {string} method
 * @property {string} url
 * @property {[string, string][]} requestHeaders
 * @property {string} requestBody
 * @property {number | null} status Null until there is an answer.
 * @property {[string, string][]} responseHeaders
 * @property {string} responseBody Grows while a stream is open.
 * @property {number | null} milliseconds Until the head of the answer.
 * @property {boolean} isOpen Whether more may come.
 * @property {string} failure Why there was no answer, or no more of it.
 */

/** Keeps the last exchanges; dispatches "exchange" with one that is new or has changed as its `detail`. */
export class Journal extends EventTarget {
  #last = 0;
  /** @type {Exchange[]} */
  exchanges = [];

  /**
   * @param {Partial<Exchange>} known
   * @returns {Exchange}
   */
  add(known) {
    const exchange = {
      number: ++this.#last,
      route: "",
      at: new Date(),
      method: "GET",
      url: "",
      requestHeaders: [],
      requestBody: "",
      status: null,
      responseHeaders: [],
      responseBody: "",
      milliseconds: null,
      isOpen: true,
      failure: "",
      ...known,
    };
    this.exchanges.push(exchange);
    if (this.exchanges.length > EXCHANGES_MAX) this.exchanges.shift();
    this.tell(exchange);
    return exchange;
  }

  /** @param {Exchange} exchange */
  tell(exchange) {
    this.dispatchEvent(new CustomEvent("exchange", { detail: exchange }));
  }
}

/**
 * A `fetch` that notes everything.
 *
 * @param {Journal} journal
 * @param {string} route
 * @param {{ notice(response: Response): void }} clock Is shown each answer.
 * @returns {typeof fetch}
 */
export function recordingFetch(journal, route, clock) {
  return async (input, init) => {
    const request = new Request(input, init);
    const began = performance.now();
    const exchange = journal.add({
      route,
      method: request.method,
      url: request.url,
      requestHeaders: [...request.headers],
      requestBody: bodyText(init?.body),
    });
    try {
      const response = await fetch(input, init);
      clock.notice(response);
      exchange.status = response.status;
      exchange.responseHeaders = [...response.headers];
      exchange.milliseconds = performance.now() - began;
      void readAlong(journal, exchange, response.clone());
      return response;
    } catch (error) {
      end(journal, exchange, error);
      throw error;
    }
  };
}

/**
 * Reads the journal's copy of an answer, piece by piece: a stream is shown while it is open.
 *
 * @param {Journal} journal
 * @param {Exchange} exchange
 * @param {Response} copy
 */
async function readAlong(journal, exchange, copy) {
  journal.tell(exchange);
  try {
    const reader = copy.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      const room = BODY_CHARACTERS_MAX - exchange.responseBody.length;
      exchange.responseBody += piece.value.slice(0, room);
      journal.tell(exchange);
    }
    end(journal, exchange);
  } catch (error) {
    end(journal, exchange, error);
  }
}

/**
 * @param {Journal} journal
 * @param {Exchange} exchange
 * @param {unknown} [error]
 */
function end(journal, exchange, error) {
  exchange.isOpen = false;
  if (error instanceof Error) exchange.failure = error.name === "AbortError" ? "Ended by this page." : error.message;
  journal.tell(exchange);
}

/** @param {BodyInit | null | undefined} body */
function bodyText(body) {
  return typeof body === "string" || body instanceof URLSearchParams ? String(body) : "";
}

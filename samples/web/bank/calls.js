/**
 * The backend's own calls to Pushward, and Pushward's webhooks to it, in this page's journal.
 */

import { BackendError } from "/shared/backend.js";
import { pause } from "/shared/pause.js";

const LOOK_MILLISECONDS = 1000;

/**
 * Follows them for as long as the page lives; those from before it are not shown.
 *
 * @param {import("/shared/backend.js").Backend} backend One that isn't written down itself.
 * @param {import("/shared/journal.js").Journal} journal
 */
export async function followCalls(backend, journal) {
  /** @type {number | null} */
  let last = null;
  for (;;) {
    if (document.visibilityState === "visible") {
      try {
        const told = await backend.calls(last ?? 0);
        // A backend that was started anew counts from one again.
        const isNew = last !== null && told.last >= last;
        if (isNew) for (const call of told.calls) journal.add(exchangeOf(call));
        last = told.last;
      } catch (error) {
        if (!(error instanceof BackendError)) throw error;
      }
    }
    await pause(LOOK_MILLISECONDS);
  }
}

/**
 * @param {any} call As samples/backend tells it.
 * @returns {Partial<import("/shared/journal.js").Exchange>}
 */
function exchangeOf(call) {
  return {
    route: call.direction === "in" ? "Pushward → bank, webhook" : "bank → Pushward",
    at: new Date(call.at),
    method: call.method,
    url: call.url,
    requestHeaders: Object.entries(call.request_headers ?? {}),
    requestBody: text(call.request_body),
    status: call.status,
    responseHeaders: Object.entries(call.response_headers ?? {}),
    responseBody: text(call.response_body),
    milliseconds: call.duration_ms,
    isOpen: false,
    failure: call.status === null ? "No answer." : "",
  };
}

/** @param {unknown} value */
function text(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

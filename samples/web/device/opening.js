/**
 * The start: where Pushward is, and the library on whatever the browser keeps things in.
 */

import { IndexedDbStore, KeyStoreError, MemoryStore, PushwardDevice } from "/lib/pushward-device/index.js";
import { reason } from "/device/wording.js";
import { BackendError } from "/shared/backend.js";
import { find } from "/shared/dom.js";
import { pause } from "/shared/pause.js";

const RETRY_MILLISECONDS = 3000;

/**
 * The bank knows; it is remembered for a start without a network. Asks until somebody has said it.
 *
 * @param {import("/shared/backend.js").Backend} backend
 * @param {import("/device/settings.js").Settings} settings
 * @param {import("/shared/notices.js").Notices} notices
 * @returns {Promise<string>}
 */
export async function whereIsPushward(backend, settings, notices) {
  for (;;) {
    try {
      settings.baseUrl = (await backend.config()).base_url;
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      if (settings.baseUrl === null) notices.say("bad", reason(error));
    }
    if (settings.baseUrl !== null) return settings.baseUrl;
    await pause(RETRY_MILLISECONDS);
    notices.clear();
  }
}

/**
 * If the browser's storage is refused, it is the person's choice to go on without keeping anything.
 *
 * @param {string} baseUrl
 * @param {typeof globalThis.fetch} fetch
 * @returns {Promise<PushwardDevice>}
 */
export async function openDevice(baseUrl, fetch) {
  const kept = new IndexedDbStore();
  try {
    await kept.factors();
    return await PushwardDevice.open({ baseUrl, fetch, store: kept });
  } catch (error) {
    if (!(error instanceof KeyStoreError)) throw error;
    await choiceToGoOn(error);
    return PushwardDevice.open({ baseUrl, fetch, store: new MemoryStore() });
  }
}

/**
 * @param {KeyStoreError} refusal
 * @returns {Promise<void>}
 */
function choiceToGoOn(refusal) {
  find("#storage-why").textContent = refusal.message;
  find("#storage-refused").hidden = false;
  find("#register").hidden = true;
  return new Promise((resolve) => {
    find("#storage-go-on").addEventListener("click", () => {
      find("#storage-refused").hidden = true;
      find("#register").hidden = false;
      resolve();
    });
  });
}

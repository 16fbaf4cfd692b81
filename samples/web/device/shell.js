/**
 * Lets the page start without a network: registers the service worker, and tells it what the page is made of.
 */

/** Does nothing where there are no service workers; the page works without. */
export async function keepShell() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/device/service-worker.js");
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    active?.postMessage({ shell: [location.href, "/device/device.webmanifest", "/device/icon-192.png", ...loaded] });
  } catch {
    // Refused, in a private window for one: then it needs the network to start, and nothing else.
  }
}

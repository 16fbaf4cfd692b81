/**
 * Keeps the shell of the device page (its HTML, styles, modules and icons), and nothing else: no call to the bank or to
 * Pushward is ever answered from here. The network comes first, so a new version is used as soon as it can be had.
 */

const CACHE = "pushward-sample-shell-1";
const SHELL = /^\/(?:device|shared|lib\/pushward-device)\/(?:[\w/-]+\.(?:js|css|svg|png|webmanifest))?$/;
const NETWORK_MILLISECONDS_MAX = 4000;

/** @param {string} url */
function isShell(url) {
  const { origin, pathname } = new URL(url, self.location.href);
  return origin === self.location.origin && SHELL.test(pathname);
}

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => {
  const shell = Array.isArray(event.data?.shell) ? event.data.shell : [];
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.addAll([...new Set(shell.filter(isShell))]);
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && isShell(event.request.url)) event.respondWith(networkFirst(event.request));
});

/**
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function networkFirst(request) {
  // Where the browser keeps nothing, the network is all there is.
  const cache = await caches.open(CACHE).catch(() => null);
  const kept = await cache?.match(request, { ignoreSearch: true });
  try {
    const response = await fetch(request, kept ? { signal: AbortSignal.timeout(NETWORK_MILLISECONDS_MAX) } : {});
    if (response.ok) await cache?.put(request, response.clone()).catch(() => {});
    return response.status >= 500 && kept ? kept : response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

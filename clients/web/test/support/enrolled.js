// A fake edge, and a device that is enrolled at it, for one test.

import assert from "node:assert/strict";

import { MemoryStore, PushwardDevice } from "../../src/index.js";
import { FakeClock } from "./fake-clock.js";
import { BASE_URL, FakeEdge } from "./fake-edge.js";
import { FakeForeground, FakeNetwork } from "./surroundings.js";

export const NAMES = Object.freeze({ friendlyName: "Test browser", appId: "com.example.app" });

// A device that isn't enrolled yet. When the test ends, nothing may run any more.
export async function opened(test, parts = {}) {
  const edge = new FakeEdge();
  const clock = new FakeClock(edge);
  const store = new MemoryStore();
  const foreground = new FakeForeground();
  const network = new FakeNetwork();
  const device = await PushwardDevice.open({
    baseUrl: BASE_URL,
    store,
    fetch: edge.fetch,
    clock,
    foreground,
    network,
    ...parts,
  });
  test.after(async () => {
    await device.close();
    await clock.idle();
    assert.deepEqual([foreground.listeners, network.listeners], [0, 0], "something still listens");
  });
  return { edge, clock, store, foreground, network, device, ...parts };
}

export async function enrolled(test, parts) {
  const all = await opened(test, parts);
  const factor = await all.device.registerFactor(all.edge.issue(), NAMES);
  return { ...all, factor };
}

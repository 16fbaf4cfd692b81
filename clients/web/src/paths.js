/** Where things are on the edge (contract §1). */

import { pathOf } from "./http.js";

/** @import { Factor } from "./factor.js" */

/** @param {{ serviceSid: string, identity: string }} owner */
export function factorsPath({ serviceSid, identity }) {
  return pathOf("v2", "Services", serviceSid, "Entities", identity, "Factors");
}

/** @param {Factor} factor */
export function factorPath(factor) {
  return factorsPath(factor) + pathOf(factor.sid);
}

/** @param {Factor} factor */
export function challengesPath({ serviceSid, identity }) {
  return pathOf("v2", "Services", serviceSid, "Entities", identity, "Challenges");
}

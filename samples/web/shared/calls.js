/**
 * What a call means, in words, and its path without what makes it hard to read.
 */

/** The first that fits; a path of Pushward's is what stands after the entity. */
const MEANINGS = /** @type {const} */ ([
  ["POST", /\/AccessTokens$/, "Make an access token, good for one enrolment"],
  ["POST", /\/Factors$/, "Create the factor, with its public key"],
  ["POST", /\/Factors\/YF\w+$/, "Prove the key, or change the factor"],
  ["DELETE", /\/Factors\/YF\w+$/, "Delete the factor"],
  ["GET", /\/Factors$/, "List the user’s factors"],
  ["POST", /\/Challenges$/, "Create a challenge"],
  ["GET", /\/Challenges$/, "List challenges"],
  ["GET", /\/Challenges\/YC\w+$/, "Read a challenge"],
  ["POST", /\/Challenges\/YC\w+$/, "Send the signed answer"],
  ["GET", /\/device\/stream$/, "Listen for challenges"],
  ["POST", /^\/webhook$/, "Tell the bank what was answered"],
  ["GET", /^\/config$/, "Ask where Pushward is"],
  ["POST", /^\/access-token$/, "Ask for an access token"],
  ["POST", /^\/login$/, "Ask to sign in"],
  ["POST", /^\/transfer$/, "Ask to pay"],
  ["POST", /^\/challenge-status$/, "Ask how it stands"],
]);
const ENTITY = /^\/v2\/Services\/VA\w{32}(?:\/Entities\/[\w-]+)?/;
const SID = /\b([A-Z]{2})[0-9a-f]{28}([0-9a-f]{4})\b/g;

/**
 * @param {string} method
 * @param {string} path Without its query.
 * @returns {string} Empty if nobody knows.
 */
export function meaning(method, path) {
  return MEANINGS.find(([itsMethod, itsPath]) => itsMethod === method && itsPath.test(path))?.[2] ?? "";
}

/**
 * @param {URL} url
 * @returns {string} Such as "…/Challenges/YC…21f0".
 */
export function shortPath(url) {
  return (url.pathname.replace(ENTITY, "…") + url.search).replaceAll(SID, "$1…$2");
}

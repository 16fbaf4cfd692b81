/** Where the edge is: https, since each request carries a token; plain http for this machine alone. */

import { BaseUrlError } from "./errors.js";

const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The edge's URL, without a slash at its end. Throws BaseUrlError for one that would show tokens on the way.
 *
 * @param {string} text
 * @returns {string}
 */
export function checkedBaseUrl(text) {
  const url = parsed(text);
  if (url.username || url.password || url.search || url.hash) {
    throw new BaseUrlError(
      "The base URL must have no user, query or fragment. Give one such as https://verify.example.com.",
    );
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK_HOST.test(url.hostname))) {
    return url.href.replace(/\/+$/, "");
  }
  throw new BaseUrlError(
    "The base URL must begin with https:// and name a host: tokens would go over the network in plain text. " +
      "Plain http:// is for a host that is this machine.",
  );
}

/** @param {string} text */
function parsed(text) {
  try {
    return new URL(text);
  } catch (error) {
    throw new BaseUrlError("This isn't a base URL. Give one such as https://verify.example.com.", { cause: error });
  }
}

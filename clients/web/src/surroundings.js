/**
 * What the browser says about the page: whether its user looks at it, and that the network has changed.
 *
 * Two ports, so that tests and other hosts (a worker, a shell around a web view) speak for themselves.
 *
 * @typedef {object} Foreground
 * @property {() => boolean} isForeground
 * @property {(listener: () => void) => () => void} onChange Returns what ends it.
 *
 * @typedef {object} Network
 * @property {(listener: () => void) => () => void} onChange When there is none any more, or one again. Returns what
 *   ends it.
 */

/** The page's visibility; without a document, as in a worker, always in the foreground. @implements {Foreground} */
export class PageForeground {
  isForeground() {
    return globalThis.document === undefined || document.visibilityState === "visible";
  }

  /** @param {() => void} listener */
  onChange(listener) {
    return listening(globalThis.document, ["visibilitychange"], listener);
  }
}

/** The browser's network. @implements {Network} */
export class BrowserNetwork {
  /** @param {() => void} listener */
  onChange(listener) {
    return listening(globalThis, ["online", "offline"], listener);
  }
}

/**
 * @param {Partial<Pick<EventTarget, "addEventListener" | "removeEventListener">> | undefined} target
 * @param {readonly string[]} names
 * @param {() => void} listener
 */
function listening(target, names, listener) {
  names.forEach((name) => target?.addEventListener?.(name, listener));
  return () => names.forEach((name) => target?.removeEventListener?.(name, listener));
}

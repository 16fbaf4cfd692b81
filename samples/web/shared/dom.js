/**
 * Elements, made without HTML: whatever comes from a server becomes text, never markup.
 */

/**
 * Finds one element that the page must have.
 *
 * @template {Element} [T=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {T}
 */
export function find(selector, within = document) {
  const found = within.querySelector(selector);
  if (found === null) throw new Error(`The page has no ${selector}.`);
  return /** @type {T} */ (found);
}

/**
 * Makes an element. `traits`: `text` is its text, `class` its classes, `on…` a listener; a boolean is set as a property,
 * all else as an attribute. Children are elements or texts; null is passed over.
 *
 * @param {string} tag
 * @param {Record<string, any>} [traits]
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function make(tag, traits = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (value === null || value === undefined) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") /** @type {any} */ (element)[name] = value;
    else element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * A button that says what it does, and can't be pressed again until that is done.
 *
 * @param {string} text
 * @param {(event: Event) => unknown} act
 * @param {Record<string, any>} [traits]
 * @returns {HTMLButtonElement}
 */
export function makeButton(text, act, traits = {}) {
  return make("button", { type: "button", text, onclick: (/** @type {Event} */ event) => once(event, act), ...traits });
}

/**
 * Text by somebody else: of any length, of any direction, and kept apart from what stands around it.
 *
 * @param {string} text
 * @returns {HTMLElement}
 */
export function foreign(text) {
  return make("bdi", { text, class: "foreign" });
}

/**
 * Runs an action for a button or form, which is busy meanwhile: a second press does nothing.
 *
 * @param {Event} event
 * @param {(event: Event) => unknown} act
 */
export async function once(event, act) {
  const busy = /** @type {HTMLElement} */ (event.currentTarget);
  if (busy.getAttribute("aria-busy") === "true") return;
  busy.setAttribute("aria-busy", "true");
  try {
    await act(event);
  } finally {
    busy.removeAttribute("aria-busy");
  }
}

/**
 * Listens to a form: the page is never left, and one submission is done before the next. Its button works from now on: a form
 * that nobody listens to would be sent by the browser itself, with what was typed in the address.
 *
 * @param {HTMLFormElement} form
 * @param {(values: Record<string, string>) => unknown} act
 */
export function onSubmit(form, act) {
  /** @type {HTMLButtonElement} */ (find("[type=submit]", form)).disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
    void once(event, () => act(values));
  });
}

/**
 * Brings a list up to date. What has a key that is there already stays the element it is, with whatever is open, typed or
 * focused in it.
 *
 * @template T
 * @param {HTMLElement} place
 * @param {readonly T[]} wanted
 * @param {(one: T) => string} keyOf
 * @param {(one: T) => HTMLElement} makeOne
 */
export function keepList(place, wanted, keyOf, makeOne) {
  const there = new Map([...place.children].map((child) => [child.getAttribute("data-key"), child]));
  const elements = wanted.map((one) => {
    const key = keyOf(one);
    const element = there.get(key) ?? makeOne(one);
    element.setAttribute("data-key", key);
    return element;
  });
  const isSame = elements.length === place.children.length && elements.every((one, at) => one === place.children[at]);
  if (!isSame) place.replaceChildren(...elements);
}

/**
 * JSON with one meaning: what is parsed here can be shown, signed and compared without a second reading.
 *
 * The platform's parser says what is JSON and gives the values. Refused beyond that: duplicate member names at any
 * depth, numbers beyond any double, invalid UTF-8, unpaired surrogates, absurd nesting. Each top-level member's own
 * text is kept, so that it can be signed to the byte.
 */

const DEPTH_MAX = 32;
const WHITE_SPACE = /\s/;
const SCALAR_END = /[\s,\]}]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * @typedef {null | boolean | number | string | JsonValue[] | JsonObject} JsonValue
 * @typedef {{ [name: string]: JsonValue }} JsonObject
 */

/**
 * @typedef {object} ParsedObject
 * @property {JsonObject} value
 * @property {ReadonlyMap<string, string>} sources Each member's value, as it was written.
 */

/**
 * The text of UTF-8 bytes. Throws a SyntaxError if they aren't.
 *
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function decodeUtf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new SyntaxError("not UTF-8", { cause: error });
  }
}

/**
 * The JSON object that `text` is. Throws a SyntaxError for anything else.
 *
 * @param {string} text
 * @returns {ParsedObject}
 */
export function parseObject(text) {
  /** @type {JsonValue} */
  const value = JSON.parse(text);
  if (!isObject(value)) throw new SyntaxError("not an object");
  if (LONE_SURROGATE.test(text)) throw new SyntaxError("unpaired surrogate");
  return { value, sources: memberSources(text) };
}

/**
 * @param {JsonValue | undefined} value
 * @returns {value is JsonObject}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A member that is the object's own: `constructor` is none unless the answer says so.
 *
 * @param {JsonObject} members
 * @param {string} name
 */
export function own(members, name) {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

/**
 * Walk through `text`, which is a JSON object in proper form, and check what the platform's parser doesn't.
 *
 * @param {string} text
 * @returns {Map<string, string>}
 */
function memberSources(text) {
  /** @type {Map<string, string>} */
  const sources = new Map();
  /** @type {(Set<string> | null)[]} The names so far of each object that is open; null for a list. */
  const open = [];
  let isName = false;
  let name = "";
  let start = 0;
  const endMember = (/** @type {number} */ end) => {
    if (open.length !== 1 || start === 0) return;
    sources.set(name, text.slice(start, end).trim());
    start = 0;
  };
  for (let at = 0; at < text.length; at++) {
    const character = /** @type {string} */ (text[at]);
    switch (character) {
      case "{":
      case "[":
        open.push(character === "{" ? new Set() : null);
        if (open.length > DEPTH_MAX) throw new SyntaxError("nested too deep");
        isName = character === "{";
        break;
      case "}":
      case "]":
        endMember(at);
        open.pop();
        isName = false;
        break;
      case ",":
        endMember(at);
        isName = open.at(-1) !== null;
        break;
      case ":":
        if (open.length === 1) start = at + 1;
        break;
      case '"': {
        const end = stringEnd(text, at);
        const string = unescaped(text.slice(at, end));
        if (isName) {
          const names = /** @type {Set<string>} */ (open.at(-1));
          if (names.has(string)) throw new SyntaxError("duplicate member");
          names.add(string);
          if (open.length === 1) name = string;
          isName = false;
        }
        at = end - 1;
        break;
      }
      default:
        if (!WHITE_SPACE.test(character)) at = scalarEnd(text, at) - 1;
    }
  }
  return sources;
}

/** @param {string} text @param {number} start */
function stringEnd(text, start) {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** @param {string} source */
function unescaped(source) {
  if (!source.includes("\\")) return source.slice(1, -1);
  const string = JSON.parse(source);
  if (LONE_SURROGATE.test(string)) throw new SyntaxError("unpaired surrogate");
  return string;
}

/** @param {string} text @param {number} start where a number, true, false or null begins */
function scalarEnd(text, start) {
  let at = start;
  while (!SCALAR_END.test(/** @type {string} */ (text[at]))) at++;
  if (!"tfn".includes(/** @type {string} */ (text[start])) && !Number.isFinite(Number(text.slice(start, at)))) {
    throw new SyntaxError("not a finite number");
  }
  return at;
}

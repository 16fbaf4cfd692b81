/**
 * Server-Sent Events, as much of them as a device needs (WHATWG HTML §9.2.6): bytes in, whole events out.
 *
 * Lines end at LF, CR and CRLF only: JSON may hold other line separators. An event longer than `EVENT_BYTES_MAX` ends
 * the stream rather than the memory. Comments and unknown fields are passed over.
 */

import { AnswerFormatError } from "./errors.js";

export const EVENT_BYTES_MAX = 64 * 1024;

const LINE_END = /\r\n|\n|\r/;

/** @typedef {Readonly<{ name: string, content: string }>} Event */

export class EventParser {
  // It drops a byte order mark at the start, and keeps the bytes of a character that isn't complete yet.
  #decoder = new TextDecoder("utf-8", { fatal: true });
  #rest = "";
  #name = "message";
  /** @type {string[]} */
  #content = [];
  #size = 0;

  /**
   * The events that this chunk completes. Throws AnswerFormatError if one grows too long, or isn't UTF-8.
   *
   * @param {Uint8Array} chunk
   * @returns {Event[]}
   */
  feed(chunk) {
    /** @type {Event[]} */
    const events = [];
    for (const line of this.#wholeLines(chunk)) {
      const event = this.#take(line);
      if (event !== null) events.push(event);
    }
    this.#requireRoom(this.#rest.length);
    return events;
  }

  /** @param {number} size In UTF-16 units, of which no text has more than bytes. */
  #requireRoom(size) {
    if (this.#size + size > EVENT_BYTES_MAX) {
      throw new AnswerFormatError(`An event is longer than ${EVENT_BYTES_MAX} bytes.`);
    }
  }

  /** @param {Uint8Array} chunk */
  #wholeLines(chunk) {
    const text = this.#rest + this.#decoded(chunk);
    // A CR at the end may be half of a CRLF: wait for what follows.
    const held = text.endsWith("\r") ? "\r" : "";
    const lines = text.slice(0, text.length - held.length).split(LINE_END);
    this.#rest = lines.pop() + held;
    return lines;
  }

  /** @param {Uint8Array} chunk */
  #decoded(chunk) {
    try {
      return this.#decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw new AnswerFormatError("The stream isn't UTF-8.", { cause: error });
    }
  }

  /** @param {string} line @returns {Event | null} */
  #take(line) {
    if (line === "") return this.#dispatch();
    this.#requireRoom(line.length + 1);
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") {
      this.#content.push(value);
      this.#size += line.length + 1;
    } else if (field === "event") {
      this.#name = value;
    }
    return null;
  }

  /** @returns {Event | null} */
  #dispatch() {
    const event = this.#content.length > 0 ? { name: this.#name, content: this.#content.join("\n") } : null;
    this.#name = "message";
    this.#content = [];
    this.#size = 0;
    return event;
  }
}

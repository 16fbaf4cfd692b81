// A device's open event stream; what is said comes out, until it is ended, cut, or let go of.

import { withResolvers } from "./fake-clock.js";

export class OpenStream {
  #controller;
  #closed = withResolvers();

  constructor(signal, greeting = ": listening\n\n") {
    this.body = new ReadableStream({
      start: (controller) => (this.#controller = controller),
      cancel: () => this.#closed.resolve(),
    });
    // As fetch does: an aborted request breaks its answer's body.
    signal.addEventListener("abort", () => {
      this.#controller.error(signal.reason);
      this.#closed.resolve();
    });
    if (greeting) this.write(greeting);
  }

  // Fulfilled once the device has let go of it.
  get closed() {
    return this.#closed.promise;
  }

  write(text) {
    this.#controller.enqueue(new TextEncoder().encode(text));
  }

  say(name, content) {
    this.write(`event: ${name}\ndata: ${JSON.stringify(content)}\n\n`);
  }

  announce(factorSid, challengeSid) {
    this.say("challenge", {
      type: "verify_push_challenge",
      challenge_sid: challengeSid,
      factor_sid: factorSid,
      message: "Log in?",
    });
  }

  end(reason) {
    this.say("end", { reason });
    this.#controller.close();
  }

  endWithoutAWord() {
    this.#controller.close();
  }

  cut() {
    this.#controller.error(new TypeError("network error"));
  }
}

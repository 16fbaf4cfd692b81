// The tenant's endpoint for webhooks, on this machine.

import { once } from "node:events";
import { createServer } from "node:http";

export class Receiver {
  #server = createServer((request, response) => this.#take(request, response));
  #received = [];
  #waiting = [];

  static async listening() {
    const receiver = new Receiver();
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    receiver.url = `http://127.0.0.1:${receiver.#server.address().port}/hook?shop=7`;
    return receiver;
  }

  // The first delivery of this type, once it has come: {headers, form}.
  async of(type) {
    for (;;) {
      const found = this.#received.find(({ form }) => form.type === type);
      if (found) return found;
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #take(request, response) {
    let body = "";
    for await (const chunk of request) body += chunk;
    this.#received.push({ headers: request.headers, form: Object.fromEntries(new URLSearchParams(body)) });
    response.end();
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }
}

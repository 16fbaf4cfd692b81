// A reporter that says what failed, and how many passed: nearly five hundred sentences are too many to read.

import { inspect } from "node:util";

export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type === "test:fail")
      yield `FAILED ${data.file}: ${data.name}\n${inspect(data.details.error.cause ?? data.details.error)}\n`;
    if (type === "test:stderr" || type === "test:stdout") yield data.message;
    if (type === "test:diagnostic" && /^(tests|pass|fail|cancelled|skipped|todo|duration_ms) /.test(data.message))
      yield `${data.message}  `;
  }
  yield "\n";
}

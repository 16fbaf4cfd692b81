// What the web library reads in each line of its input, which is base64: the object put together again of its members'
// own texts, which is what would be signed; or null if it refuses.

import { createInterface } from "node:readline";

import { decodeUtf8, parseObject } from "../../clients/web/src/strict-json.js";

function read(bytes) {
  try {
    const { sources } = parseObject(decodeUtf8(bytes));
    return `{${Array.from(sources, ([name, source]) => `${JSON.stringify(name)}:${source}`).join(",")}}`;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(read(Buffer.from(line, "base64")))}\n`);
}

// What is handed out: `npm pack` holds what it should and nothing else, and its types are of use.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { VERSION } from "../src/index.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCES = readdirSync(join(ROOT, "src"));
const MANIFEST = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const PACK = ["pack", "--dry-run", "--json", "--silent", "--ignore-scripts=false"];

let packed;

before(() => {
  [packed] = JSON.parse(
    execFileSync("npm", PACK, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }),
  );
});

test("the package holds sources, their types, the README and the manifest, and nothing else", () => {
  assert.ok(SOURCES.every((name) => name.endsWith(".js")));
  const expected = [
    "README.md",
    "package.json",
    ...SOURCES.flatMap((name) => [`src/${name}`, `types/${name.replace(/js$/, "d.ts")}`]),
  ];
  assert.deepEqual(packed.files.map(({ path }) => path).sort(), expected.sort());
});

test("nothing is needed at run time: no dependency, and sources import each other alone", () => {
  assert.equal(MANIFEST.dependencies, undefined);
  for (const name of SOURCES) {
    const source = readFileSync(join(ROOT, "src", name), "utf8");
    for (const [, from] of source.matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^"]+)";/gm)) {
      assert.ok(/^\.\/[\w-]+\.js$/.test(from) && SOURCES.includes(from.slice(2)), `${name} imports ${from}`);
    }
    assert.doesNotMatch(source, /\bimport\((?!"\.\/)|\brequire\(|\beval\(|\bnew Function\b|innerHTML/);
  }
});

test("the library says the package's version", () => {
  assert.equal(VERSION, MANIFEST.version);
});

test("a strict TypeScript program can use it, and is told what it does wrong", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "pushward-device-"));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "node_modules/@pushward"), { recursive: true });
  symlinkSync(ROOT, join(directory, "node_modules/@pushward/device"));
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  writeFileSync(
    join(directory, "app.ts"),
    `import { AnotherChallengeError, MemoryStore, PushwardDevice, type Challenge } from "@pushward/device";
    import { STORE_CONTRACT } from "@pushward/device/store-contract";
    const device = await PushwardDevice.open({ baseUrl: "https://verify.example.com", store: new MemoryStore() });
    for await (const challenge of device.listen("YF1", { onState: (state: "streaming" | "polling" | "offline" | "background") => state })) {
      const answered: Challenge = await device.challenges.approve(challenge);
      const until: Date = answered.expirationDate;
    }
    try {
      await device.approveSilently("YF1", { expectTransactionId: "t-1" });
    } catch (error) {
      if (error instanceof AnotherChallengeError) error.challengeSids.map((sid) => sid.length);
    }
    // @ts-expect-error: a SID isn't a challenge that was shown
    await device.challenges.approve("YC1");
    // @ts-expect-error: immutable
    (await device.challenges.get("YF1", "YC1")).message = "other";
    // @ts-expect-error: the base URL is missing
    await PushwardDevice.open({});
    for (const { name, check } of STORE_CONTRACT) await check(() => new MemoryStore());
    export {};
    `,
  );
  const options = [
    "--noEmit",
    "--strict",
    "--exactOptionalPropertyTypes",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--types",
    "",
  ];
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  execFileSync(tsc, [...options, "--lib", "es2023,dom", "app.ts"], {
    cwd: directory,
    stdio: ["ignore", "inherit", "inherit"],
  });
});

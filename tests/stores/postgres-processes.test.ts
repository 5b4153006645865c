import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { sharedServer } from "../servers/desk.ts";
import { Place } from "./postgres-gate.ts";

const server = await sharedServer("postgres");

/** Runs a script in a process of its own to its end. */
async function run(script: string, ...args: string[]): Promise<{ code: number; out: string }> {
  const path = fileURLToPath(new URL(`./process/${script}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (text: Buffer) => (out += String(text)));
  const [code] = (await once(child, "close")) as [number];
  return { code, out };
}

describe.runIf(server !== undefined)("postgres with several processes", () => {
  test("of three processes that add to one number at the same time none loses an update", async () => {
    const place = await Place.in(server!);
    const ended = await Promise.all([1, 2, 3].map(() => run("adder.ts", place.address(), "60")));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    const store = await place.open();
    const loaded = await store.load("customer:shared");
    expect([loaded?.record, loaded?.version]).toEqual(["180", 180]);
    expect(new Set((await store.history("customer:shared")).map((entry) => entry.text)).size).toBe(180);
  }, 60_000);

  test("ten processes that start at once on an empty database make one schema, and each of them writes", async () => {
    const place = await Place.in(server!);
    const ended = await Promise.all(Array.from({ length: 10 }, () => run("adder.ts", place.address("pool=1"), "1")));
    expect(ended.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(await place.sql("SELECT version FROM $S.migrations ORDER BY version")).toEqual([{ version: "1" }]);
    expect((await (await place.open()).load("customer:shared"))?.record).toBe("10");
  }, 60_000);

  test("twenty stores that are opened at once on an empty database all see the schema that one of them made", async () => {
    const place = await Place.in(server!);
    const stores = await Promise.all(Array.from({ length: 20 }, () => place.open({}, "pool=1")));
    expect(await Promise.all(stores.map(async (store) => (await store.list()).items))).toEqual(Array.from({ length: 20 }, () => []));
  });

  test("where the package pg is not installed the error names it, and no other store is opened", async () => {
    const { code, out } = await run("without-package.ts", "pg", "postgres://somebody:secret@127.0.0.1:1/state");
    expect([code, out]).toEqual([1, "store_misconfigured: Stores of the kind postgres: need the package pg. Install it: npm install pg\n"]);
  });
});

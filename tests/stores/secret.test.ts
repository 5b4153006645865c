import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";

import { secretFor } from "../../src/stores/secret.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "secret-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test("an SQLite file has one secret beside it, whoever asks first, readable by its owner only", async () => {
  const path = join(folder(), "deep", "state.db");
  const [first, ...others] = await Promise.all(Array.from({ length: 10 }, () => secretFor(`sqlite:${path}`)));
  expect(Buffer.from(first as string, "base64")).toHaveLength(32);
  expect(new Set([first, ...others]).size).toBe(1);
  expect(readdirSync(join(path, ".."))).toEqual(["state.db.secret"]);
  expect(statSync(`${path}.secret`).mode & 0o777).toBe(0o600);
});

test("a shared store without a secret is refused, with the way to make one", async () => {
  await expect(secretFor("rediss://somewhere:6379")).rejects.toMatchObject({ code: "option_invalid", message: expect.stringContaining("openssl rand") });
  await expect(secretFor("postgres://somewhere/db")).rejects.toMatchObject({ code: "option_invalid" });
});

test("what is given is taken", async () => {
  expect(await secretFor("postgres://somewhere/db", "a secret of mine")).toBe("a secret of mine");
});

test("a database that names somebody gets no other secret when its own is gone", async () => {
  const path = join(folder(), "state.db");
  const store = await openSqlite(path);
  onTestFinished(() => store.close());
  const first = await secretFor(store);
  expect(await secretFor(store)).toBe(first);
  rmSync(`${path}.secret`);
  // Nobody is named yet: a new one harms nobody.
  const second = await secretFor(store);
  expect(second).not.toBe(first);
  await store.commit("customer:somebody", { writeId: "w", expectedVersion: 0, epoch: 0, record: "{}" });
  rmSync(`${path}.secret`);
  await expect(secretFor(store)).rejects.toMatchObject({ code: "store_misconfigured", message: expect.stringContaining("CONVERSIMPLE_SECRET") });
  expect(readdirSync(join(path, "..")).filter((name) => name.includes("secret"))).toEqual([]);
  expect(await secretFor(store, second)).toBe(second);
});

test("a secret and its name are on the disk before anybody is named by it", async () => {
  const path = folder();
  const handle = await open(path);
  const prototype = Object.getPrototypeOf(handle) as typeof handle;
  await handle.close();
  const sync = vi.spyOn(prototype, "sync");
  onTestFinished(() => sync.mockRestore());
  await secretFor(`sqlite:${join(path, "state.db")}`);
  expect(sync).toHaveBeenCalledTimes(2);
});

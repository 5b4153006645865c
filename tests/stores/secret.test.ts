import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { secretFor } from "../../src/stores/secret.ts";

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

// The key of a developer's platform: made once, kept in a file that nobody else can read.
//
//   B1. The file appears whole or not at all; of two processes that make it at once, both get the same key.
//   B2. The key is not in any error.

import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomBytes, randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { ConversimpleError } from "../base/errors.ts";

/** Where `conversimple dev` keeps its key, below the working directory. */
export const DEV_KEY_PATH = ".conversimple/dev.json";

/**
 * The key in the file, made if there is none: `cs_test_` and 32 hexadecimal digits.
 *
 * @throws {ConversimpleError} `option_invalid` when the file is not one that this function made.
 */
export function devKey(path: string = DEV_KEY_PATH): string {
  return read(path) ?? make(path);
}

function make(path: string): string {
  const key = `cs_test_${randomBytes(16).toString("hex")}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, `${JSON.stringify({ apiKey: key }, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    linkSync(draft, path); // fails when another process was first
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return read(path) ?? make(path);
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  const key = keyIn(text);
  if (key === undefined) throw new ConversimpleError("option_invalid", `${path} holds no API key. Delete the file, a new one is made.`, { path });
  return key;
}

function keyIn(text: string): string | undefined {
  try {
    const { apiKey } = JSON.parse(text) as { apiKey?: unknown };
    return typeof apiKey === "string" && /^cs_(test|live)_\S{8,}$/.test(apiKey) ? apiKey : undefined;
  } catch {
    return undefined;
  }
}

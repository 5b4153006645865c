// The secret that belongs to a store: it keys the hashes under which customers and accounts are found.  (P18, P22)
//
//   SE1. A store that processes on other machines share has no secret of its own: it must be given, or they would not
//        find each other's customers.
//   SE2. An SQLite file has one beside it, made once, whoever opens it first; readable by its owner only, and on the disk
//        before anything is named by it.                                                               (P4)
//   SE3. A database that names somebody already gets no other one: all its customers would be strangers.     (P10)

import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { dirname } from "node:path";

import { ConversimpleError } from "../base/errors.ts";
import type { Store } from "../state/store.ts";

/**
 * The secret of a store.
 *
 * @param store what was opened, or its address when nobody can tell whom it names.
 * @param given what the user says; `CONVERSIMPLE_SECRET` unless given.
 * @throws {ConversimpleError} `option_invalid` when a shared store comes without one (SE1), `store_misconfigured` when the
 *   file beside an SQLite database cannot be read or written, or is gone (SE3).
 */
export async function secretFor(store: string | Named, given: string | Uint8Array | undefined = process.env.CONVERSIMPLE_SECRET || undefined): Promise<string | Uint8Array> {
  if (given !== undefined) return given;
  const address = typeof store === "string" ? store : store.address;
  if (address.startsWith("sqlite:")) return fileSecret(`${address.slice("sqlite:".length)}.secret`, typeof store === "string" ? undefined : store);
  if (/^(rediss?(\+\w+)?|postgres(ql)?):/.test(address)) {
    throw new ConversimpleError("option_invalid", "A shared store needs a secret, the same for all processes: new Dispatcher({ secret }) or CONVERSIMPLE_SECRET. Make one with: openssl rand -base64 32", { option: "secret" });
  }
  return randomBytes(32);
}

/** What is asked of a store before it gets a secret. */
type Named = Pick<Store, "address" | "list">;

/** SE2. Written whole under another name first: nobody reads half of it. */
async function fileSecret(path: string, store: Named | undefined): Promise<string> {
  const known = await tried(path, () => existing(path));
  if (known !== undefined) return known;
  if (store && (await namesSomebody(store))) {
    // Somebody may have made it just now.
    const late = await tried(path, () => existing(path));
    if (late !== undefined) return late;
    throw new ConversimpleError("store_misconfigured", `The database names customers or accounts by a secret that is gone: ${path}. Put it back, or give it as CONVERSIMPLE_SECRET; with another one all of them would be strangers.`, { path });
  }
  return tried(path, () => made(path));
}

async function namesSomebody(store: Named): Promise<boolean> {
  for (const kind of ["customer", "account"] as const) if ((await store.list({ kind, limit: 1 })).items.length > 0) return true;
  return false;
}

async function tried<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    throw new ConversimpleError("store_misconfigured", `The secret beside the database cannot be read or made: ${path} (${codeOf(thrown)}).`, { path }, { cause: thrown });
  }
}

async function existing(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
}

async function made(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await writeDown(draft, `${randomBytes(32).toString("base64")}\n`);
    await link(draft, path);
  } catch (thrown) {
    if (codeOf(thrown) !== "EEXIST") throw thrown;
  } finally {
    await unlink(draft);
  }
  await syncFolder(dirname(path));
  return (await readFile(path, "utf8")).trim();
}

/** A file's name is on the disk when its folder is. Windows has no such call. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeDown(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function codeOf(thrown: unknown): string {
  return (thrown as { code?: string } | null)?.code ?? "unknown";
}

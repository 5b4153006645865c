// The secret that belongs to a store: it keys the hashes under which customers and accounts are found.  (P18, P22)
//
//   SE1. A store that processes on other machines share has no secret of its own: it must be given, or they would not
//        find each other's customers.
//   SE2. An SQLite file has one beside it, made once, whoever opens it first; readable by its owner only.

import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { ConversimpleError } from "../base/errors.ts";

/**
 * The secret for a store's address.
 *
 * @param given what the user says; `CONVERSIMPLE_SECRET` unless given.
 * @throws {ConversimpleError} `option_invalid` when a shared store comes without one (SE1), `store_misconfigured` when the
 *   file beside an SQLite database cannot be read or written.
 */
export async function secretFor(address: string, given: string | Uint8Array | undefined = process.env.CONVERSIMPLE_SECRET || undefined): Promise<string | Uint8Array> {
  if (given !== undefined) return given;
  if (address.startsWith("sqlite:")) return fileSecret(`${address.slice("sqlite:".length)}.secret`);
  if (/^(rediss?(\+\w+)?|postgres(ql)?):/.test(address)) {
    throw new ConversimpleError("option_invalid", "A shared store needs a secret, the same for all processes: new Dispatcher({ secret }) or CONVERSIMPLE_SECRET. Make one with: openssl rand -base64 32", { option: "secret" });
  }
  return randomBytes(32);
}

/** SE2. Written whole under another name first: nobody reads half of it. */
async function fileSecret(path: string): Promise<string> {
  try {
    return (await existing(path)) ?? (await made(path));
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
  await writeFile(draft, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  try {
    await link(draft, path);
  } catch (thrown) {
    if (codeOf(thrown) !== "EEXIST") throw thrown;
  } finally {
    await unlink(draft);
  }
  return (await readFile(path, "utf8")).trim();
}

function codeOf(thrown: unknown): string {
  return (thrown as { code?: string } | null)?.code ?? "unknown";
}

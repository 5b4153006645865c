// Who may see what of an inspector in production: checked before anything is opened.
//
//   AC1. Beyond this machine it listens only with a token that was given, of at least 16 bytes.
//   AC2. On this machine it makes one unless it is given.
//   AC3. It reads, masked. Writing, and showing in clear, are allowed one by one.                         (P21)

import { randomBytes } from "node:crypto";

import { ConversimpleError } from "../base/errors.ts";

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "::1"]);
/** The shortest token, bytes (AC1). Source: 128 bits. */
const LEAST_TOKEN = 16;

/** What an inspector may be allowed beside reading (AC3). `write`: edit state, call tools, fork, end. `reveal`: show what is masked, for a reason that is journalled. */
export type InspectorPermission = "write" | "reveal";

const PERMISSIONS: readonly string[] = ["write", "reveal"] satisfies readonly InspectorPermission[];

/**
 * Checks what can be checked before anything is opened.
 *
 * @returns the token to use, and whether it was made here.
 * @throws {ConversimpleError} `option_invalid` (AC1); the message does not repeat the token.
 */
export function inspectorTokenFor(token: string | undefined, hostname = "127.0.0.1"): { readonly token: string; readonly isMade: boolean } {
  if (token === undefined && LOOPBACK.has(hostname)) return { token: `ci_${randomBytes(24).toString("base64url")}`, isMade: true };
  if (token === undefined) throw invalid("inspector.token", `is needed to listen on ${hostname}, where other machines can reach it: CONVERSIMPLE_INSPECTOR_TOKEN, at least ${LEAST_TOKEN} bytes. Make one with: openssl rand -base64 24`);
  if (/\s/.test(token) || Buffer.byteLength(token) < LEAST_TOKEN) throw invalid("inspector.token", `must have at least ${LEAST_TOKEN} bytes and no white space. Make one with: openssl rand -base64 24`);
  return { token, isMade: false };
}

/** @throws {ConversimpleError} `option_invalid`: a word that is no permission. */
export function permissionsOf(allow: readonly string[]): { readonly canWrite: boolean; readonly canReveal: boolean } {
  if (!allow.every((each) => PERMISSIONS.includes(each))) throw invalid("inspector.allow", `may have: ${PERMISSIONS.join(", ")}`);
  return { canWrite: allow.includes("write"), canReveal: allow.includes("reveal") };
}

function invalid(option: string, reason: string): ConversimpleError {
  return new ConversimpleError("option_invalid", `${option} ${reason}.`, { option });
}

// The circuit breaker: answers after which trying again is pointless, or an attack on one's own account.
//
//   B1. A refused key is never sent again; somebody must change it first.

import { ConversimpleError } from "../base/errors.ts";
import type { SocketClosing } from "./socket.ts";

const FATAL_STATUSES: ReadonlySet<number> = new Set([400, 401, 403]);

const FATAL_REASONS: ReadonlySet<string> = new Set([
  "authentication_failed",
  "invalid_credentials",
  "missing_credentials",
  "invalid_api_key",
  "unauthorized",
  "forbidden",
  "not authorized",
  "customer_suspended",
]);

/** The error of an upgrade that must not be tried again, undefined when it may. */
export function refusedUpgrade(closing: SocketClosing): ConversimpleError | undefined {
  const status = closing.httpStatus;
  if (status === undefined || !FATAL_STATUSES.has(status)) return undefined;
  return refused(`The platform refused the connection with HTTP ${status}`, { httpStatus: status });
}

/** The error of a join that must not be tried again, undefined when it may. */
export function refusedJoin(reason: string): ConversimpleError | undefined {
  const word = reason.trim().toLowerCase();
  if (!FATAL_REASONS.has(word)) return undefined;
  return refused(`The platform refused the join: ${word}`, { reason: word });
}

function refused(what: string, fields: Readonly<Record<string, string | number>>): ConversimpleError {
  return new ConversimpleError("connection_refused", `${what}. It is not tried again; check the API key and the platform's address.`, fields);
}

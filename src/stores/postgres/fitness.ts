// Whether a database can be a store, asked once when it is opened.
//
//   FI1. What would fail later is refused now, with what to do: an old server, a standby, another encoding, missing rights.
//   FI2. A setting by which the server may lose what it acknowledged is warned of, not refused: it may be meant.

import { ConversimpleError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Session } from "./connections.ts";

/** The oldest release that is tested. */
const OLDEST = 15;
const TABLES = ["owners", "turns", "inbox", "processes"];
const RIGHTS = ["SELECT", "INSERT", "UPDATE", "DELETE"];

interface Found {
  readonly version: number;
  readonly encoding: string;
  readonly readOnly: string;
  readonly fsync: string;
  readonly synchronousCommit: string;
}

/** Checks the server and the database, before anything is made in it. @throws {ConversimpleError} `store_misconfigured` (FI1). */
export async function checkServer(session: Session, address: string, logger: Logger): Promise<void> {
  const [found] = await session<Found>(`
    SELECT current_setting('server_version_num')::int / 10000 AS version, pg_encoding_to_char(encoding) AS encoding,
      current_setting('transaction_read_only') AS "readOnly", current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS "synchronousCommit"
    FROM pg_database WHERE datname = current_database()`) as [Found];
  const refuse = (why: string) => new ConversimpleError("store_misconfigured", `Cannot open the store ${address}: ${why}.`, { address });
  if (found.version < OLDEST) throw refuse(`the server is PostgreSQL ${found.version}; use ${OLDEST} or newer`);
  if (found.readOnly === "on") throw refuse("the server is read-only, a standby; use the address of the primary");
  if (found.encoding !== "UTF8") throw refuse(`the database's encoding is ${found.encoding}, which cannot hold every character; create it with ENCODING 'UTF8'`);
  for (const [setting, value] of [["fsync", found.fsync], ["synchronous_commit", found.synchronousCommit]] as const) {
    if (value === "off") logger.warn({ address, setting }, `${setting} is off: the server may lose what it acknowledged when it crashes. Turn it on.`);
  }
}

/** Checks the rights to the tables. @throws {ConversimpleError} `store_misconfigured` (FI1). */
export async function checkRights(session: Session, schema: string, address: string): Promise<void> {
  const missing = await session<{ right: string; name: string }>(`
    SELECT r AS right, t AS name FROM unnest($1::text[]) AS r, unnest($2::text[]) AS t WHERE NOT has_table_privilege($3 || '.' || t, r)`, [RIGHTS, TABLES, schema]);
  if (missing.length === 0) return;
  const rights = RIGHTS.filter((each) => missing.some(({ right }) => right === each)).join(", ");
  throw new ConversimpleError("store_misconfigured", `Cannot open the store ${address}: the user has no right to ${rights}. GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} to it.`, { address });
}

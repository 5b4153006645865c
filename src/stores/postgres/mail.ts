// The inbox: messages from outside writers, in the order in which they were stored. (P16)

import type { Message, Owner, Status, WaitingMessage } from "../../state/store.ts";
import { PAGE_ITEMS } from "../paging.ts";
import { checkTakesMail } from "../refusal.ts";
import type { Connections } from "./connections.ts";
import { isOrphan, present } from "./owners.ts";
import { nowSql } from "./time.ts";
import { read, stored } from "../texts.ts";

export interface MailOptions {
  readonly connections: Connections;
  readonly schema: string;
  readonly nowMs: () => number | null;
}

export class Mail {
  readonly #options: MailOptions;

  constructor(options: MailOptions) {
    this.#options = options;
  }

  /** The owner's row is locked while the message is stored: nothing is posted to what ends in the same moment. */
  async post(owner: Owner, { id, text }: Message): Promise<void> {
    const { connections, schema, nowMs } = this.#options;
    const now = nowSql("$2");
    const [found] = await connections.run<{ status: Status }>(`
      WITH target AS MATERIALIZED (SELECT o.id, o.status FROM ${schema}.owners o WHERE o.owner = $1 AND ${present(now)} FOR UPDATE),
      posted AS (INSERT INTO ${schema}.inbox (owner_id, message_id, text, at) SELECT id, $3, $4, ${now} FROM target WHERE status = 'live' ON CONFLICT DO NOTHING)
      SELECT status FROM target`, [stored(owner), nowMs(), stored(id), stored(text)], "post");
    checkTakesMail(owner, found?.status);
  }

  /** The inbox is nearly always empty, so it leads: a poll that finds no mail reads one page. */
  async pending(process: string | null): Promise<readonly Owner[]> {
    const { connections, schema, nowMs } = this.#options;
    const now = nowSql("$1");
    const belongs = process === null ? isOrphan(schema, now) : "o.process = $2";
    const values = process === null ? [nowMs()] : [nowMs(), stored(process)];
    const rows = await connections.read<{ owner: string }>(`
      SELECT o.owner FROM ${schema}.owners o WHERE o.id IN (SELECT DISTINCT owner_id FROM ${schema}.inbox) AND o.status = 'live' AND ${present(now)} AND ${belongs}`, values);
    return rows.map((row) => read(row.owner) as Owner);
  }

  async inbox(owner: Owner, after?: string): Promise<readonly WaitingMessage[]> {
    const { connections, schema, nowMs } = this.#options;
    const rows = await connections.read<WaitingMessage>(`
      SELECT i.message_id AS id, i.text, i.at AS "atMs" FROM ${schema}.owners o JOIN ${schema}.inbox i ON i.owner_id = o.id
      WHERE o.owner = $1 AND ${present(nowSql("$2"))} AND i.id > coalesce((SELECT b.id FROM ${schema}.inbox b WHERE b.owner_id = o.id AND b.message_id = $3), 0)
      ORDER BY i.id LIMIT ${PAGE_ITEMS.inbox}`, [stored(owner), nowMs(), after === undefined ? null : stored(after)], "inbox");
    return rows.map(({ id, text, atMs }) => ({ id: read(id), text: read(text), atMs }));
  }
}

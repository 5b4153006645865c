// Everything that a store has of a customer, as one JSON document.                                     (P22)
//
//   CX1. Values are in their stored form: plain JSON, with tags where JSON has no word ({"$date": ...}). Nothing is masked:
//        it is the person's own, and secrets are never stored.
//   CX2. What cannot be read is in it as it is stored, with the reason.

import type { Clock } from "../base/clock.ts";
import { encode, ENVELOPE_DEPTH, MAX_DEPTH } from "../base/codec.ts";
import { textOf } from "../base/errors.ts";
import { wholeInbox } from "../state/inbox.ts";
import { openBody, openRecord } from "../state/record.ts";
import { idOf, type Facts, type Loaded, type Owner, type Store } from "../state/store.ts";
import { mayBeFork, namedBy } from "./known-forks.ts";

/** A step of a journal, with what a tool call was answered. */
export interface ExportedStep {
  readonly version: number;
  readonly at: string;
  readonly entry: unknown;
  readonly callId?: string;
  readonly answer?: unknown;
}

/** One stored document and its history. */
export interface ExportedRecord {
  /** The conversation's id; of customers and accounts a keyed hash. */
  readonly id: string;
  readonly version: number;
  readonly status: Facts["status"];
  readonly agentId: string | null;
  readonly endReason: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly expiresAt: string | null;
  /** By field name. Null when there is none, or it is unreadable. */
  readonly parts: Readonly<Record<string, { readonly version: number; readonly data: unknown }>> | null;
  readonly unreadable?: { readonly reason: string; readonly text: string };
  readonly journal: readonly ExportedStep[];
  /** Messages that wait to be applied. */
  readonly inbox: readonly unknown[];
}

/** What `export` gives: JSON throughout. */
export interface CustomerExport {
  readonly format: 1;
  readonly exportedAt: string;
  /** The owner key: a keyed hash of the customer's id. */
  readonly customer: string;
  /** Null for somebody who is not known, or was erased. */
  readonly record: ExportedRecord | null;
  readonly conversations: readonly ExportedRecord[];
  /** Where attempts to log in are counted. */
  readonly accounts: readonly ExportedRecord[];
}

/** The export of a customer. @throws {StoreUnavailableError} */
export async function exportCustomer(store: Store, clock: Clock, customer: Owner): Promise<CustomerExport> {
  const named: Found = { accounts: new Set(), forks: new Set() };
  const record = await exported(store, customer, named);
  const conversations = new Map<Owner, ExportedRecord>();
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ kind: "conversation", customer, limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    for (const { owner } of page.items) {
      const conversation = await exported(store, owner, named);
      if (conversation) conversations.set(owner, conversation);
    }
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  // Their own forks are found on the way.
  for (const fork of named.forks) {
    if (conversations.has(fork) || !(await mayBeFork(store, fork))) continue;
    const conversation = await exported(store, fork, named);
    if (conversation && conversation.status !== "forgotten") conversations.set(fork, conversation);
  }
  const logins = await Promise.all([...named.accounts].map((account) => exported(store, account)));
  const exportedAt = new Date(clock.now()).toISOString();
  return { format: 1, exportedAt, customer, record: record?.status === "forgotten" ? null : (record ?? null), conversations: [...conversations.values()], accounts: logins.filter((login) => login !== undefined) };
}

/** What was named so far. */
interface Found {
  readonly accounts: Set<Owner>;
  readonly forks: Set<Owner>;
}

async function exported(store: Store, owner: Owner, found?: Found): Promise<ExportedRecord | undefined> {
  const loaded = await store.load(owner);
  if (!loaded) return undefined;
  const { version, facts } = loaded;
  const { status, agentId, endReason, createdAtMs, updatedAtMs, expiresAtMs } = facts;
  const time = (ms: number) => new Date(ms).toISOString();
  if (found) {
    const { accounts, forks } = await namedBy(store, loaded);
    for (const account of accounts) found.accounts.add(account);
    for (const fork of forks) found.forks.add(fork);
  }
  return {
    id: idOf(owner), version, status, agentId, endReason,
    createdAt: time(createdAtMs), updatedAt: time(updatedAtMs), expiresAt: expiresAtMs === null ? null : time(expiresAtMs),
    ...partsOf(loaded),
    journal: await journalOf(store, owner),
    inbox: (await wholeInbox(store, owner)).map(({ text }) => readable(owner, text)),
  };
}

function partsOf({ owner, version, record }: Loaded): Pick<ExportedRecord, "parts" | "unreadable"> {
  if (record === null) return { parts: null };
  try {
    const parts = openRecord(owner, version, record);
    return { parts: Object.fromEntries([...parts].map(([name, part]) => [name, { version: part.version, data: JSON.parse(encode(part.data, name, undefined, MAX_DEPTH + ENVELOPE_DEPTH)) as unknown }])) };
  } catch (thrown) {
    return { parts: null, unreadable: { reason: textOf(thrown), text: record } };
  }
}

async function journalOf(store: Store, owner: Owner): Promise<ExportedStep[]> {
  const steps: ExportedStep[] = [];
  for (let afterVersion = 0; ; ) {
    const page = await store.history(owner, { afterVersion });
    for (const { version, atMs, text, callId } of page) {
      const answer = callId === null ? undefined : await store.answer(owner, callId);
      const call = callId === null ? {} : { callId, ...(answer === undefined ? {} : { answer: readable(owner, answer) }) };
      steps.push({ version, at: new Date(atMs).toISOString(), entry: text === null ? null : readable(owner, text), ...call });
    }
    if (page.length === 0) return steps;
    afterVersion = page.at(-1)!.version;
  }
}

/** CX1, CX2. */
function readable(owner: Owner, text: string): unknown {
  try {
    return JSON.parse(openBody(owner, text));
  } catch (thrown) {
    return { unreadable: textOf(thrown), text };
  }
}

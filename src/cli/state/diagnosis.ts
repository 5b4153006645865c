// A store, looked through.
//
//   DG1. It reads, page by page, and changes nothing; what goes away meanwhile is not counted.
//   DG2. It tells names, sizes and ids, never a value.                                                 (P21)

import { idOf, type Listed, type ListFilter, type Owner, type Store } from "../../state/store.ts";
import { journalOf } from "./conversations.ts";
import { RecordSurvey, type FieldSum, type NearLimit, type SizedRecord, type Unreadable } from "./record-survey.ts";

const PAGE = 1_000;
/** Records that are read at the same time. */
const AT_ONCE = 64;
/** A conversation that is live and has been silent for longer should have been ended. Source: the default of P13. */
const SILENT_MS = 3_600_000;

/** What the doctor found; what `--json` prints. */
export interface Diagnosis {
  readonly store: string;
  readonly conversations: Readonly<Record<"live" | "ended" | "forgotten", number>>;
  readonly customers: number;
  readonly recordBytes: number;
  readonly journalBytes: number;
  readonly journalEntries: number;
  readonly fields: readonly (Omit<FieldSum, "records"> & { readonly records: number; readonly averageBytes: number })[];
  readonly largestRecords: readonly SizedRecord[];
  readonly nearLimit: { readonly count: number; readonly largest: readonly NearLimit[] };
  /** Live conversations that nobody serves and in which nothing happened for an hour. */
  readonly silent: { readonly count: number; readonly oldest: string | null; readonly oldestAtMs: number | null };
  readonly unreadable: { readonly count: number; readonly reasons: readonly Unreadable[] };
}

/**
 * Reads the whole store (DG1, DG2).
 *
 * @param top rows of each table.
 * @param onProgress hears after each page how many records were read.
 */
export async function diagnose(store: Store, top: number, nowMs: number, onProgress: (records: number) => void): Promise<Diagnosis> {
  const survey = new RecordSurvey(top);
  const conversations = { live: 0, ended: 0, forgotten: 0 };
  let customers = 0;
  let read = 0;
  for (const kind of ["conversation", "customer"] as const) {
    for await (const items of pagesOf(store, { kind })) {
      await inBatches(items, ({ owner }) => surveyOwner(store, owner, survey));
      for (const { facts } of items) {
        if (kind === "customer") customers++;
        else conversations[facts.status]++;
      }
      onProgress((read += items.length));
    }
  }
  const unreadable = survey.unreadable;
  return {
    store: store.address,
    conversations,
    customers,
    recordBytes: survey.recordBytes,
    journalBytes: survey.journalBytes,
    journalEntries: survey.journalEntries,
    fields: survey.fields.slice(0, top).map((sum) => ({ ...sum, averageBytes: Math.round(sum.totalBytes / sum.records) })),
    largestRecords: survey.largest,
    nearLimit: { count: survey.nearLimitCount, largest: survey.nearLimit },
    silent: await silentOnes(store, nowMs - SILENT_MS),
    unreadable: { count: unreadable.reduce((sum, { records }) => sum + records, 0), reasons: unreadable },
  };
}

async function surveyOwner(store: Store, owner: Owner, survey: RecordSurvey): Promise<void> {
  const loaded = await store.load(owner);
  if (!loaded) return;
  survey.add(loaded);
  survey.addJournal((await journalOf(store, owner)).map(({ text }) => text));
}

async function silentOnes(store: Store, beforeMs: number): Promise<Diagnosis["silent"]> {
  let count = 0;
  let oldest: Listed | undefined;
  for await (const items of pagesOf(store, { kind: "conversation", status: "live", orphaned: true })) {
    for (const item of items) {
      if (item.facts.updatedAtMs > beforeMs) continue;
      count++;
      if (!oldest || item.facts.updatedAtMs < oldest.facts.updatedAtMs) oldest = item;
    }
  }
  return { count, oldest: oldest ? idOf(oldest.owner) : null, oldestAtMs: oldest?.facts.updatedAtMs ?? null };
}

async function* pagesOf(store: Store, filter: ListFilter): AsyncGenerator<readonly Listed[]> {
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ ...filter, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    yield page.items;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

async function inBatches<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) await Promise.all(items.slice(from, from + AT_ONCE).map(run));
}

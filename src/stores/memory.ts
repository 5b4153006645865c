// The store in memory: the reference that the others are compared with, and what tests run on.
//
// Simplest correct code: one Map of owners, one log of turns. Everything that goes in or out is a copy, as it would
// be over a network. Holds no promise about crashes: what it keeps ends with the process.
//
//   M1. A method does all of its work in one synchronous step, so nothing runs half-way between two others. (S1)
//   M2. An expired owner is treated as absent everywhere, whether or not it was swept yet.                 (S5)

import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import type {
  Acquired, Answer, Change, Committed, Entry, Facts, FeedItem, ForgetOptions, Forgotten, HistoryRange, KnownCall, ListFilter, ListPage, Loaded, Message,
  Owner, ProcessIdentity, Store, StoreOptions, Swept, WaitingMessage,
} from "../state/store.ts";
import { LEDGER_MAX_AGE_MS, LEDGER_MAX_CALLS } from "../state/store.ts";
import { PAGE_ITEMS, pageLimit, readCursor } from "./paging.ts";
import { checkOwner, checkTakesMail, closedError, judge } from "./refusal.ts";

/** One commit: a journal entry, and the answer that was recorded with it. */
interface Turn {
  readonly sequence: number;
  readonly owner: Owner;
  readonly version: number;
  readonly atMs: number;
  readonly entry: string | null;
  readonly answer: Answer | null;
  isDropped: boolean;
}

interface Row {
  readonly sequence: number;
  readonly owner: Owner;
  record: string | null;
  version: number;
  epoch: number;
  process: string | null;
  writeId: string | null;
  facts: Facts;
  turns: Turn[];
  inbox: WaitingMessage[];
}

const EMPTY_FACTS = { status: "live", agentId: null, customer: null, endReason: null, expiresAtMs: null } as const;

/** Opens a store that lives as long as this object. Processes of tests share it by sharing the object. */
export function openMemory(options: StoreOptions = {}): Store {
  return new MemoryStore(options.clock ?? systemClock);
}

class MemoryStore implements Store {
  readonly address = "memory:";
  readonly #clock: Clock;
  readonly #rows = new Map<Owner, Row>();
  readonly #leases = new Map<string, number>();
  #log: Turn[] = [];
  #sequence = 0;
  #droppedInLog = 0;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async load(owner: Owner): Promise<Loaded | undefined> {
    const row = this.#find(owner);
    return row && this.#loaded(row);
  }

  async commit(owner: Owner, change: Change): Promise<Committed> {
    const found = this.#find(owner);
    const verdict = judge(owner, change, found && headOf(found));
    if (verdict === "repeated") return { version: found!.version };
    const row = verdict === "create" ? this.#create(owner) : found!;
    this.#append(row, change);
    row.writeId = change.writeId;
    if (change.record !== undefined) row.record = sent(change.record);
    row.facts = { ...row.facts, ...given(change.facts), updatedAtMs: this.#clock.now() };
    if (change.consume) row.inbox = row.inbox.filter((message) => !change.consume!.includes(message.id));
    if (change.trimBelow !== undefined) this.#trim(row, change.trimBelow);
    return { version: row.version };
  }

  async answer(owner: Owner, callId: string): Promise<string | undefined> {
    const oldestMs = this.#clock.now() - LEDGER_MAX_AGE_MS;
    const turn = this.#find(owner)?.turns.findLast(({ answer }) => answer?.callId === callId);
    return turn && turn.atMs > oldestMs ? turn.answer!.text : undefined;
  }

  async acquire(owner: Owner, process: ProcessIdentity, facts: { agentId?: string } = {}): Promise<Acquired> {
    const row = this.#find(owner) ?? this.#create(owner, facts.agentId);
    if (row.facts.status === "forgotten") return { kind: "acquired", loaded: this.#loaded(row), tookOver: false };
    const before = row.process;
    if (before !== null && before !== process.id && this.#isAlive(before)) {
      return { kind: "held", process: before, untilMs: this.#leases.get(before)! };
    }
    row.process = process.id;
    row.epoch += 1;
    return { kind: "acquired", loaded: this.#loaded(row), tookOver: before !== null && before !== process.id };
  }

  async renew(process: ProcessIdentity, leaseMs: number): Promise<void> {
    this.#checkOpen();
    this.#leases.set(process.id, this.#clock.now() + leaseMs);
  }

  async release(owner: Owner, process: string, epoch: number): Promise<void> {
    const row = this.#find(owner);
    if (row?.process === process && row.epoch === epoch) row.process = null;
  }

  async retire(process: string): Promise<void> {
    this.#checkOpen();
    this.#leases.delete(process);
    for (const row of this.#rows.values()) if (row.process === process) row.process = null;
  }

  async post(owner: Owner, message: Message): Promise<void> {
    const row = this.#find(owner);
    checkTakesMail(owner, row?.facts.status);
    if (row!.inbox.some((waiting) => waiting.id === message.id)) return;
    row!.inbox.push({ id: message.id, text: sent(message.text), atMs: this.#clock.now() });
  }

  async pending(process: string | null): Promise<readonly Owner[]> {
    const belongs = (row: Row) => (process === null ? this.#isOrphan(row) : row.process === process);
    return this.#present().filter((row) => row.facts.status === "live" && row.inbox.length > 0 && belongs(row)).map((row) => row.owner);
  }

  async inbox(owner: Owner, after?: string): Promise<readonly WaitingMessage[]> {
    const { inbox } = this.#find(owner) ?? { inbox: [] };
    const from = inbox.findIndex(({ id }) => id === after) + 1;
    return inbox.slice(from, from + PAGE_ITEMS.inbox).map((message) => ({ ...message }));
  }

  async list(filter: ListFilter = {}): Promise<ListPage> {
    const limit = pageLimit(filter.limit, PAGE_ITEMS.list);
    const before = filter.cursor === undefined ? Infinity : readCursor(filter.cursor);
    const found = this.#present().filter((row) => row.sequence < before && this.#matches(row, filter)).sort((a, b) => b.sequence - a.sequence);
    const page = found.slice(0, limit);
    return {
      items: page.map(({ owner, version, epoch, process, facts, record }) => ({
        owner, version, epoch, process, facts: { ...facts }, recordBytes: Buffer.byteLength(record ?? ""),
      })),
      nextCursor: found.length > limit ? String(page.at(-1)!.sequence) : null,
    };
  }

  async history(owner: Owner, range: HistoryRange = {}): Promise<readonly Entry[]> {
    const limit = pageLimit(range.limit, PAGE_ITEMS.history);
    const after = range.afterVersion ?? 0;
    return (this.#find(owner)?.turns ?? []).filter((turn) => turn.version > after).slice(0, limit).map((turn) => (range.answers === true ? { ...entryOf(turn), answer: turn.answer?.text ?? null } : entryOf(turn)));
  }

  async feed(after: string | null, limit?: number): Promise<{ readonly items: readonly FeedItem[]; readonly cursor: string }> {
    this.#checkOpen();
    const most = pageLimit(limit, PAGE_ITEMS.feed);
    if (after === null) return { items: [], cursor: String(this.#sequence) };
    const from = readCursor(after);
    const items: FeedItem[] = [];
    for (let at = this.#logIndexAfter(from); at < this.#log.length && items.length < most; at++) {
      const turn = this.#log[at]!;
      if (!turn.isDropped && this.#find(turn.owner)) items.push({ ...entryOf(turn), owner: turn.owner, cursor: String(turn.sequence) });
    }
    return { items, cursor: items.at(-1)?.cursor ?? after };
  }

  async forget(owner: Owner, options: ForgetOptions = {}): Promise<Forgotten> {
    this.#checkOpen();
    checkOwner(owner);
    const row = this.#rows.get(owner);
    const receipt = { records: row && row.record !== null ? 1 : 0, entries: row?.turns.length ?? 0, messages: row?.inbox.length ?? 0 };
    if (row?.facts.status === "forgotten" && options.tombstone && !this.#isExpired(row)) return receipt;
    if (row) this.#erase(row);
    if (!options.tombstone) return receipt;
    const mark = this.#create(owner);
    mark.version = (row?.version ?? 0) + 1;
    mark.epoch = (row?.epoch ?? 0) + 1;
    mark.facts = { ...mark.facts, status: "forgotten", createdAtMs: row?.facts.createdAtMs ?? mark.facts.createdAtMs, expiresAtMs: options.untilMs ?? null };
    return receipt;
  }

  async sweep(limit?: number): Promise<Swept> {
    this.#checkOpen();
    const most = pageLimit(limit, PAGE_ITEMS.sweep);
    const expired = [...this.#rows.values()].filter((row) => this.#isExpired(row));
    for (const row of expired.slice(0, most)) this.#erase(row);
    return { removed: Math.min(most, expired.length), more: expired.length > most };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#rows.clear();
    this.#log = [];
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError(this.address);
  }

  /** The row, unless it is absent or expired (M2). */
  #find(owner: Owner): Row | undefined {
    this.#checkOpen();
    checkOwner(owner);
    const row = this.#rows.get(owner);
    return row && !this.#isExpired(row) ? row : undefined;
  }

  #present(): Row[] {
    this.#checkOpen();
    return [...this.#rows.values()].filter((row) => !this.#isExpired(row));
  }

  #isExpired(row: Row): boolean {
    return row.facts.expiresAtMs !== null && row.facts.expiresAtMs <= this.#clock.now();
  }

  #isAlive(process: string): boolean {
    return (this.#leases.get(process) ?? -Infinity) > this.#clock.now();
  }

  #isOrphan(row: Row): boolean {
    return row.process === null || !this.#isAlive(row.process);
  }

  #matches(row: Row, { kind, status, agentId, customer, orphaned }: ListFilter): boolean {
    if (kind !== undefined && !row.owner.startsWith(`${kind}:`)) return false;
    if (status !== undefined && row.facts.status !== status) return false;
    if (agentId !== undefined && row.facts.agentId !== agentId) return false;
    if (customer !== undefined && row.facts.customer !== customer) return false;
    return orphaned !== true || this.#isOrphan(row);
  }

  /** Makes a fresh row; one that expired under the same key goes away first. */
  #create(owner: Owner, agentId: string | null = null): Row {
    const expired = this.#rows.get(owner);
    if (expired) this.#erase(expired);
    const now = this.#clock.now();
    const facts: Facts = { ...EMPTY_FACTS, agentId, createdAtMs: now, updatedAtMs: now };
    const row: Row = { sequence: ++this.#sequence, owner, record: null, version: 0, epoch: 0, process: null, writeId: null, facts, turns: [], inbox: [] };
    this.#rows.set(owner, row);
    return row;
  }

  #append(row: Row, change: Change): void {
    row.version += 1;
    const turn: Turn = {
      sequence: ++this.#sequence,
      owner: row.owner,
      version: row.version,
      atMs: this.#clock.now(),
      entry: change.entry === undefined ? null : sent(change.entry),
      answer: change.answer ? { ...change.answer, text: sent(change.answer.text) } : null,
      isDropped: false,
    };
    row.turns.push(turn);
    this.#log.push(turn);
  }

  #trim(row: Row, below: number): void {
    const kept = row.turns.findIndex(({ version }) => version >= below);
    this.#drop(row.turns.splice(0, kept < 0 ? row.turns.length : kept));
  }

  #erase(row: Row): void {
    this.#drop(row.turns);
    this.#rows.delete(row.owner);
  }

  /** Marks turns as gone; the log is rewritten only when half of it is gone, so that trimming stays cheap. */
  #drop(turns: readonly Turn[]): void {
    for (const turn of turns) turn.isDropped = true;
    this.#droppedInLog += turns.length;
    if (this.#droppedInLog * 2 <= this.#log.length) return;
    this.#log = this.#log.filter((turn) => !turn.isDropped);
    this.#droppedInLog = 0;
  }

  #logIndexAfter(sequence: number): number {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#log[middle]!.sequence > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The turns whose answers are still kept, oldest first; of one call id the newest counts. (P5) */
  #ledger(row: Row): Turn[] {
    const oldestMs = this.#clock.now() - LEDGER_MAX_AGE_MS;
    const recent = row.turns.filter((turn) => turn.answer).slice(-LEDGER_MAX_CALLS).filter((turn) => turn.atMs > oldestMs);
    const newest = new Map(recent.map((turn) => [turn.answer!.callId, turn]));
    return recent.filter((turn) => newest.get(turn.answer!.callId) === turn);
  }

  #loaded(row: Row): Loaded {
    const calls = this.#ledger(row).map(({ answer, version, atMs }): KnownCall => ({ callId: answer!.callId, digest: answer!.digest, version, atMs }));
    const { owner, record, version, epoch, process } = row;
    return { owner, record, version, epoch, process, facts: { ...row.facts }, calls, mail: row.inbox.length };
  }
}

function headOf({ version, epoch, writeId, facts }: Row) {
  return { version, epoch, writeId, status: facts.status };
}

function entryOf({ version, atMs, entry, answer }: Turn): Entry {
  return { version, atMs, text: entry, callId: answer?.callId ?? null };
}

/** Text as it would arrive: UTF-8 has no lone surrogates. */
function sent(text: string): string {
  return text.toWellFormed();
}

/** The facts that were given; an explicit `undefined` means "as it is". */
function given(facts: Change["facts"] = {}): Partial<Facts> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

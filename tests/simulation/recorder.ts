// The store of the simulation as it really is, and what it did, in the order in which it did it.
//
// Owns the one store in memory and the history of its acquisitions and commits. Every process reaches it through a store
// of its own (`forProcess`), behind its own faults; what is recorded is what the store did, whoever heard of it.
//
//   RC1. A commit is in the history before its process can hear that it is durable.
//   RC2. A repetition of the last write id is no second commit (S3).
//   RC3. A process that asks without end and without time passing is stopped by getting no answer: nothing else could.

import { codeOf } from "../../src/base/errors.ts";
import { openRecord, openText } from "../../src/state/record.ts";
import type { Acquired, Change, Committed, Message, Owner, ProcessIdentity, Store } from "../../src/state/store.ts";
import { interceptedStore, type StoreRequest } from "../../src/testing/intercepted-store.ts";
import type { SimEvent } from "./history.ts";
import type { Trace } from "./trace.ts";

/** The parts of a record that are judged. */
export interface StoredParts {
  readonly state: { readonly changes: readonly { callId: string; conversation: string; n: number }[]; readonly starts: number; readonly ends: number; readonly heard: readonly string[] };
  readonly session: { readonly status: string; readonly user?: { readonly id: string } };
  readonly flow: { readonly step: string };
  readonly customer: { readonly changes?: readonly { callId: string; conversation: string; n: number }[]; readonly ended?: readonly string[] };
}

interface Row {
  /** Which process acquired it last. */
  process: string | undefined;
  version: number;
  epoch: number;
  writeId: string | undefined;
  status: string;
  /** Whether an end waits, or waited, in its inbox. */
  hasEnd: boolean;
  parts: Partial<StoredParts>;
  /** All write ids that were ever committed: a copy that was late is refused, and nobody waits for it. */
  readonly written: Set<string>;
  /** Ids of effects and calls that are recorded. */
  readonly answers: Set<string>;
  /** Signals that were in its inbox. */
  readonly posted: Set<string>;
}

/** Requests in one moment of a world. Source: the busiest of 10,000 seeds makes some hundred. */
const REQUESTS_PER_MOMENT = 5_000;

export class Recorder {
  readonly rows = new Map<Owner, Row>();
  /** Told of every conversation that was ended as `abandoned`, and by whom. */
  abandoned: (owner: Owner, by: string) => void = () => {};
  readonly #store: Store;
  readonly #history: SimEvent[];
  readonly #trace: Trace;
  readonly #nowMs: () => number;
  readonly #processes = new Map<string, string>();
  #moment = { atMs: -1, requests: 0 };

  constructor(store: Store, history: SimEvent[], trace: Trace, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#store = store;
    this.#history = history;
    this.#trace = trace;
  }

  /** The store as one process finds it at the other end of its connection. */
  forProcess(name: string): Store {
    return interceptedStore(this.#store, async (request, run) => {
      if (this.#isEndless()) return new Promise(() => {});
      if (request.method === "renew") this.#processes.set((request.inputs as [ProcessIdentity, number])[0].id, name);
      try {
        const answer = await run();
        this.#answered(name, request, answer);
        return answer;
      } catch (thrown) {
        this.#refused(name, request, thrown);
        throw thrown;
      }
    });
  }

  /** RC3. */
  #isEndless(): boolean {
    const atMs = this.#nowMs();
    if (this.#moment.atMs !== atMs) this.#moment = { atMs, requests: 0 };
    if (++this.#moment.requests === REQUESTS_PER_MOMENT) this.#history.push({ kind: "breach", invariant: "J", what: "somebody asks the store again and again, without a pause" });
    return this.#moment.requests >= REQUESTS_PER_MOMENT;
  }

  #answered(name: string, { method, owner, inputs }: StoreRequest, answer: unknown): void {
    if (method === "commit") this.#committed(name, owner!, inputs[1] as Change, answer as Committed);
    else if (method === "acquire") this.#acquired(name, owner!, answer as Acquired);
    else if (method === "forget") this.#forgotten(name, owner!);
    else if (method === "post") this.#posted(name, owner!, (inputs[1] as Message).text);
    else if (method === "release" || method === "retire") this.#trace.add(name, `${method} ${owner ?? "all"}`);
  }

  #refused(name: string, { method, owner, inputs }: StoreRequest, thrown: unknown): void {
    const code = codeOf(thrown) ?? String(thrown);
    this.#trace.add("store", `refused ${method} of ${owner ?? "-"} by ${name}: ${code}`);
    if (method !== "commit" || code !== "version_conflict" || !owner!.startsWith("conversation:")) return;
    const { epoch, expectedVersion, writeId } = inputs[1] as Change;
    const row = this.rows.get(owner!);
    if (row?.epoch === epoch && (writeId === row.writeId || !row.written.has(writeId))) this.#history.push({ kind: "own_conflict", owner: owner!, process: name, expectedVersion, isRetry: writeId === row.writeId });
  }

  #acquired(name: string, owner: Owner, acquired: Acquired): void {
    if (acquired.kind === "held") return this.#trace.add("store", `${owner} is held by ${this.#processes.get(acquired.process) ?? "?"}, not by ${name}`);
    const { epoch, facts } = acquired.loaded;
    this.#trace.add("store", `${owner} acquired by ${name}, epoch ${epoch}, version ${acquired.loaded.version}, ${facts.status}`);
    const row = this.#row(owner);
    this.#history.push({ kind: "acquired", owner, process: name, epoch, version: acquired.loaded.version });
    row.epoch = Math.max(row.epoch, epoch);
    row.process = name;
  }

  #committed(name: string, owner: Owner, change: Change, { version }: Committed): void {
    const row = this.#row(owner);
    // RC2.
    if (row.writeId === change.writeId) return this.#trace.add("store", `${owner} repeated v${version} by ${name}`);
    const before = row.parts;
    row.writeId = change.writeId;
    row.written.add(change.writeId);
    row.version = version;
    if (change.facts?.status) row.status = change.facts.status;
    if (change.facts?.endReason === "abandoned") this.abandoned(owner, name);
    if (change.answer) row.answers.add(change.answer.callId);
    if (change.record !== undefined) row.parts = partsOf(owner, version, change.record);
    const ends = change.facts?.status === "ended" ? ", ended" : "";
    this.#trace.add("store", `${owner} v${version} e${change.epoch} by ${name}${change.answer ? `, answer of ${nameOf(change.answer.callId)}` : ""}${ends}`);
    this.#history.push({ kind: "committed", owner, process: name, version, expectedVersion: change.expectedVersion, epoch: change.epoch, before, after: row.parts, atMs: this.#nowMs() });
  }

  #forgotten(name: string, owner: Owner): void {
    const row = this.#row(owner);
    this.#trace.add("store", `${owner} forgotten by ${name}`);
    this.#history.push({ kind: "erased", owner });
    row.parts = {};
    row.status = "forgotten";
    row.writeId = undefined;
  }

  #posted(name: string, owner: Owner, text: string): void {
    const mail = openText(owner, text) as { kind: "end"; reason: string } | { kind: "signal"; payload: { id: string } };
    if (mail.kind === "end") {
      this.#row(owner).hasEnd = true;
      return this.#trace.add("store", `${owner} has its end of ${name}, because of ${mail.reason}`);
    }
    const { id } = mail.payload;
    this.#trace.add("store", `${owner} has the signal ${id} of ${name}`);
    // Whoever posts it again does not know that it is there: it is one message.
    const { posted } = this.#row(owner);
    if (posted.has(id)) return;
    posted.add(id);
    this.#history.push({ kind: "posted", owner, id });
  }

  #row(owner: Owner): Row {
    let row = this.rows.get(owner);
    if (!row) this.rows.set(owner, (row = { process: undefined, version: 0, epoch: 0, writeId: undefined, status: "live", hasEnd: false, parts: {}, written: new Set(), answers: new Set(), posted: new Set() }));
    return row;
  }
}

function partsOf(owner: Owner, version: number, text: string): Partial<StoredParts> {
  return Object.fromEntries([...openRecord(owner, version, text)].map(([name, part]) => [name, part.data]));
}

/** Operations of joint records have hashed or random names. */
function nameOf(callId: string): string {
  return /^c\d+-\d+(\n|$)/.test(callId) ? callId.replaceAll("\n", "/") : "an operation";
}

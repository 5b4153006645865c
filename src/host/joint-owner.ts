// One customer or account, as this process knows it.
//
// Owns what was committed last, which operations it has carried out, and what an update makes of it. Loads and commits
// nothing: `joint-records.ts` does, with what is given here.
//
//   JO1. It is what the store had at one moment. An attempt expects that version, so the store refuses it when somebody
//        committed meanwhile; what is known is never served as the present state.
//   JO2. Entries that are younger than an operation is remembered are never trimmed.                    (P11)

import { randomUUID } from "node:crypto";

import { encode } from "../base/codec.ts";
import { ConversimpleError } from "../base/errors.ts";
import { copyOf } from "../base/plain.ts";
import type { JointUpdate, Values } from "../agent/joint-records.ts";
import { RecordDocument } from "../state/document.ts";
import { JournalWriter, type EntryFacts } from "../state/journal.ts";
import { Ledger } from "../state/ledger.ts";
import { sealBody } from "../state/record.ts";
import type { Slice } from "../state/slice.ts";
import { LEDGER_MAX_AGE_MS, type Change, type Facts, type Loaded, type Owner } from "../state/store.ts";
import { Unit, type UnitChange } from "../state/unit.ts";
import { partDigest } from "./call-digest.ts";
import { RESULT_MAX_BYTES } from "./result-json.ts";

/** How far apart the versions are whose time is remembered for JO2, milliseconds. */
const AGE_STEP_MS = 3_600_000;

/** One run of a recipe, and the commit that it asks for. */
export interface Attempt {
  readonly change: Change;
  readonly result: unknown;
  readonly made: UnitChange | undefined;
}

export class JointOwner {
  readonly owner: Owner;
  #version = 0;
  #epoch = 0;
  #facts: Facts | undefined;
  #text: string | null = null;
  #document: RecordDocument | undefined;
  #slices: readonly Slice[] = [];
  #ledger = new Ledger([]);
  #journal = new JournalWriter();
  /** Some versions and when they were the last one, oldest first. */
  #ages: { readonly version: number; readonly atMs: number }[] = [];

  constructor(owner: Owner) {
    this.owner = owner;
  }

  get version(): number {
    return this.#version;
  }

  get facts(): Facts | undefined {
    return this.#facts;
  }

  /** The operations that are known; all of the last 24 h while it is not full. */
  get operations(): Ledger {
    return this.#ledger;
  }

  /** Whether a load shows what is known already. */
  isAt(loaded: Loaded): boolean {
    return loaded.version === this.#version && loaded.facts.createdAtMs === this.#facts?.createdAtMs;
  }

  /** Takes over what was loaded; undefined: there is none. */
  take(loaded: Loaded | undefined): void {
    const isAnother = loaded?.facts.createdAtMs !== this.#facts?.createdAtMs;
    if (isAnother) {
      this.#journal = new JournalWriter();
      this.#ages = loaded ? [{ version: loaded.version, atMs: loaded.facts.updatedAtMs }] : [];
    }
    if (isAnother || loaded?.version !== this.#version) this.#document = undefined;
    this.#version = loaded?.version ?? 0;
    this.#epoch = loaded?.epoch ?? 0;
    this.#facts = loaded?.facts;
    this.#text = loaded?.record ?? null;
    this.#ledger = new Ledger(loaded?.calls ?? []);
  }

  /** The record, when it is open with these very parts. */
  opened(slices: readonly Slice[]): RecordDocument | undefined {
    return slices.every((slice) => this.#slices.includes(slice)) ? this.#document : undefined;
  }

  /** The record with the values of these parts. @throws {StateQuarantinedError} */
  document(slices: readonly Slice[]): RecordDocument {
    const opened = this.opened(slices);
    if (opened) return opened;
    // Another agent's part of the same name reads the record by its own schema.
    const open = [...this.#slices.filter(({ name }) => this.#document && !slices.some((slice) => slice.name === name)), ...slices];
    const document = this.#text === null ? RecordDocument.begin(this.owner, open) : RecordDocument.open(this.owner, this.#version, this.#text, open);
    this.#document = document;
    this.#slices = open;
    return document;
  }

  /** Runs the recipe on what is known. @throws what it throws; `option_invalid` when it is asynchronous. */
  attempt(slices: readonly Slice[], how: JointUpdate, recipe: (value: Values) => unknown, nowMs: number): Attempt {
    const document = this.document(slices);
    const unit = new Unit(document, "write");
    let result: unknown;
    try {
      // A draft that a recipe gives back is not worth anything after it.
      result = copyOf(synchronous(how.name, recipe((slice) => unit.draft(slice))));
    } catch (thrown) {
      unit.discard();
      throw thrown;
    }
    // The first commit always stores the record.
    const made = unit.change() ?? (this.#text === null ? { parts: new Map(), patches: {} } : undefined);
    const version = this.#version + 1;
    const answer = { callId: how.operationId, digest: partDigest("update", how.digest ?? ""), text: sealBody(keptText(how.name, result)) };
    const record = made && document.textWith(version, made.parts);
    const facts: EntryFacts = { unit: how.source === undefined ? "update" : "outside", name: how.name, outcome: "ok", ms: [0, 0, 0], ...(how.source === undefined ? {} : { source: how.source }) };
    const entry = this.#journal.entry(facts, document, version, made);
    const trimBelow = this.#journal.trimBelow(version, this.#oldBelow(nowMs));
    return {
      result,
      made,
      change: {
        writeId: randomUUID(),
        expectedVersion: this.#version,
        epoch: this.#epoch,
        entry,
        answer,
        ...(record === undefined ? {} : { record }),
        ...(how.expiresAtMs === undefined ? {} : { facts: { expiresAtMs: how.expiresAtMs } }),
        ...(trimBelow === undefined ? {} : { trimBelow }),
      },
    };
  }

  /** The attempt is durable. */
  accept({ change, made }: Attempt, nowMs: number): void {
    this.#version = change.expectedVersion + 1;
    this.#text = change.record ?? this.#text;
    if (made) this.#document?.accept(made.parts);
    const { expiresAtMs = this.#facts?.expiresAtMs ?? null } = change.facts ?? {};
    const facts = this.#facts ?? { status: "live", agentId: null, customer: null, endReason: null, createdAtMs: nowMs };
    this.#facts = { ...facts, updatedAtMs: nowMs, expiresAtMs };
    const { callId, digest } = change.answer!;
    this.#ledger.add({ callId, digest, version: this.#version, atMs: nowMs });
    const last = this.#ages.at(-1);
    if (!last || nowMs - last.atMs >= AGE_STEP_MS) this.#ages.push({ version: this.#version, atMs: nowMs });
  }

  /** The attempt did not happen. */
  undo({ change }: Attempt): void {
    this.#journal.undo(change.expectedVersion + 1);
  }

  /** JO2. A version that is so old that everything below it may go; 0 when none is known. */
  #oldBelow(nowMs: number): number {
    const isOld = ({ atMs }: { atMs: number }) => atMs <= nowMs - LEDGER_MAX_AGE_MS;
    while (this.#ages.length > 1 && isOld(this.#ages[1]!)) this.#ages.shift();
    const [oldest] = this.#ages;
    return oldest && isOld(oldest) ? oldest.version : 0;
  }
}

function keptText(name: string, result: unknown): string {
  const text = encode(result, `the result of the ${name}`);
  if (Buffer.byteLength(text) <= RESULT_MAX_BYTES) return text;
  throw new ConversimpleError("result_invalid", `The result of the ${name} has more than ${RESULT_MAX_BYTES} bytes. Return what a redelivery needs.`, { limit: RESULT_MAX_BYTES });
}

function synchronous(name: string, result: unknown): unknown {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== "function") return result;
  (result as Promise<unknown>).then(undefined, () => {});
  throw new ConversimpleError("option_invalid", `The recipe of the ${name} is asynchronous. It may run again on a conflict: do the waiting before it.`);
}

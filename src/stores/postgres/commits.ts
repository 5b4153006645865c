// Writing commits: those that wait at the same time share one statement.
//
//   CM1. A statement applies some changes and nothing of the others (commit-sql.ts); only then is it asked why not.  (S2)
//   CM2. One change per owner is under way at a time; those of one group are of different owners.
//   CM3. A group that the server refuses because of one change is tried again one by one; one that was cut off is unknown
//        for all of it, and each is resolved by its own write id.                                      (P4, S6)
//   CM4. A commit that was never sent within its time is withdrawn, and has surely done nothing.

import { StoreUnavailableError } from "../../base/errors.ts";
import type { Change, Committed, Owner } from "../../state/store.ts";
import { judge, type Head } from "../refusal.ts";
import { commitSql, type Task } from "./commit-sql.ts";
import type { Connections } from "./connections.ts";
import type { Erasure } from "./erasure.ts";
import { mayBeOfOne } from "./failure.ts";
import { nowSql } from "./time.ts";
import { stored, storedOrNull } from "../texts.ts";

/** Most changes of one statement. Source: 64 fill a group on a fast disk; more only makes each wait longer. */
const GROUP = 128;
/** Most characters of the records of one statement: a few of the largest. */
const GROUP_CHARACTERS = 4_000_000;
/** Statements under way at the same time; more waiting changes make larger groups instead. */
const STATEMENTS = 2;
/** Times that a change is looked at again because others were faster. */
const TRIES = 5;

interface Waiting {
  readonly owner: Owner;
  readonly change: Change;
  readonly resolve: (committed: Committed) => void;
  readonly reject: (thrown: unknown) => void;
}

/** A commit that was asked for. */
export interface Asked {
  readonly done: Promise<Committed>;
  /** Takes it back (CM4); false when it was sent already. */
  readonly withdraw: () => boolean;
}

export interface CommitsOptions {
  readonly connections: Connections;
  readonly schema: string;
  readonly erasure: Erasure;
  /** The time for tests; null takes the server's. */
  readonly nowMs: () => number | null;
}

export class Commits {
  readonly #options: CommitsOptions;
  readonly #statements = new Map<string, string>();
  readonly #head: string;
  readonly #waiting = new Set<Waiting>();
  readonly #busy = new Set<Owner>();
  #underWay = 0;
  #isScheduled = false;

  constructor(options: CommitsOptions) {
    this.#options = options;
    this.#head = `SELECT version, epoch, status, write_id AS "writeId" FROM ${options.schema}.owners WHERE owner = $1 AND (expires_at IS NULL OR expires_at > ${nowSql("$2")})`;
  }

  commit(owner: Owner, change: Change): Asked {
    const { promise, resolve, reject } = Promise.withResolvers<Committed>();
    const waiting = { owner, change, resolve, reject };
    this.#waiting.add(waiting);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      // What arrives in the same turn of the loop goes together.
      setImmediate(() => {
        this.#isScheduled = false;
        this.#send();
      });
    }
    return { done: promise, withdraw: () => this.#waiting.delete(waiting) };
  }

  #send(): void {
    while (this.#underWay < STATEMENTS) {
      const group = this.#nextGroup();
      if (group.length === 0) return;
      this.#underWay += 1;
      void this.#apply(group).finally(() => {
        this.#underWay -= 1;
        this.#send();
      });
    }
  }

  /** CM2. */
  #nextGroup(): Waiting[] {
    const group: Waiting[] = [];
    let characters = 0;
    for (const each of this.#waiting) {
      if (group.length === GROUP || characters > GROUP_CHARACTERS) break;
      if (this.#busy.has(each.owner)) continue;
      this.#busy.add(each.owner);
      this.#waiting.delete(each);
      group.push(each);
      characters += each.change.record?.length ?? 0;
    }
    return group;
  }

  /** Resolves when the statement is over; what it did not apply is looked at apart, so that nobody else waits for it. */
  async #apply(group: readonly Waiting[]): Promise<void> {
    let versions: Map<string, number>;
    try {
      versions = await this.#run(group);
    } catch (thrown) {
      if (group.length > 1 && mayBeOfOne(thrown)) await Promise.all(group.map((each) => this.#apply([each])));
      else for (const each of group) this.#settle(each, () => each.reject(thrown));
      return;
    }
    for (const each of group) {
      const version = versions.get(stored(each.owner));
      if (version !== undefined) this.#settle(each, () => each.resolve({ version }));
      else void this.#judged(each).then((committed) => this.#settle(each, () => each.resolve(committed)), (thrown: unknown) => this.#settle(each, () => each.reject(thrown)));
    }
  }

  #settle({ owner }: Waiting, tell: () => void): void {
    this.#busy.delete(owner);
    tell();
    if (this.#waiting.size > 0) this.#send();
  }

  /** Why a change was not applied; it is applied after all where nothing speaks against it. What expired goes away before its key is used again. */
  async #judged(waiting: Waiting): Promise<Committed> {
    const { owner, change } = waiting;
    const { connections, erasure, nowMs } = this.#options;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const [head] = await connections.read<Head>(this.#head, [stored(owner), nowMs()]);
      const verdict = judge(owner, { ...change, writeId: stored(change.writeId) }, head);
      if (verdict === "repeated") return { version: head!.version };
      if (verdict === "create") await erasure.removeExpired(owner);
      const version = (await this.#run([waiting])).get(stored(owner));
      if (version !== undefined) return { version };
    }
    throw new StoreUnavailableError(`The record of ${owner} changed too often to be written. Try again.`, { owner, outcome: "none" });
  }

  async #run(group: readonly Waiting[]): Promise<Map<string, number>> {
    const { connections, nowMs } = this.#options;
    const [name, sql] = this.#statementFor(group);
    const column = <T>(read: (change: Change, owner: Owner) => T): T[] => group.map(({ owner, change }) => read(change, owner));
    const rows = await connections.run<{ owner: string; version: number }>(sql, [
      column((_, owner) => stored(owner)),
      column(({ writeId }) => stored(writeId)),
      column(({ expectedVersion }) => expectedVersion),
      column(({ epoch }) => epoch),
      column(({ record }) => storedOrNull(record)),
      column(({ answer }) => storedOrNull(answer?.callId)),
      column(({ answer }) => storedOrNull(answer?.digest)),
      column(({ answer }) => storedOrNull(answer?.text)),
      column(({ entry }) => storedOrNull(entry)),
      column(rareOf),
      nowMs(),
    ], name);
    return new Map(rows.map(({ owner, version }) => [owner, version]));
  }

  #statementFor(group: readonly Waiting[]): readonly [name: string, sql: string] {
    const task: Task = {
      isGroup: group.length > 1,
      creates: group.some(({ change }) => change.expectedVersion === 0 && change.epoch === 0),
      tidies: group.some(({ change }) => change.trimBelow !== undefined || Boolean(change.consume?.length)),
    };
    const name = ["commit", ...Object.entries(task).flatMap(([what, isAsked]) => (isAsked ? [what] : []))].join("-");
    const sql = this.#statements.get(name) ?? commitSql(this.#options.schema, task);
    this.#statements.set(name, sql);
    return [name, sql];
  }
}

/** What few commits have, as JSON; null for all others. Texts inside are stored texts. */
function rareOf({ facts = {}, consume, trimBelow }: Change): string | null {
  const named: (readonly [name: string, value: unknown])[] = Object.entries(facts).filter(([, value]) => value !== undefined).map(([name, value]) => [name, typeof value === "string" ? stored(value) : value && Math.ceil(value)]);
  if (named.length === 0 && !consume?.length && trimBelow === undefined) return null;
  return JSON.stringify({ facts: Object.fromEntries<unknown>(named), ...(consume?.length ? { consume: consume.map(stored) } : {}), ...(trimBelow === undefined ? {} : { trim: trimBelow }) });
}

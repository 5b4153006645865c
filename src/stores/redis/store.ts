// The store on Redis (or Valkey): the port, over scripts.
//
// Owns the translation of the port's methods into calls of scripts.
//
//   RS1. What one owner does is one script on one shard: one round trip, all or nothing.                    (S1, S4)
//   RS2. What all owners are asked for is asked of every shard at once.
//   RS3. What the store acknowledged is remembered, so that it is noticed when Redis goes back (regressions.ts).
//   RS4. A shard that is away keeps nobody from the mail of the others, and nothing there from being swept.

import { systemClock, type Clock } from "../../base/clock.ts";
import type {
  Acquired, Change, Committed, Entry, FeedItem, ForgetOptions, Forgotten, HistoryRange, ListFilter, ListPage, Loaded, Message, Owner,
  ProcessIdentity, Status, Store, Swept, WaitingMessage,
} from "../../state/store.ts";
import { PAGE_ITEMS, pageLimit } from "../paging.ts";
import { checkOwner, checkTakesMail, judge, type Head } from "../refusal.ts";
import { changeArgs, touchesIndexes } from "./change-args.ts";
import type { Keyspace, Shard } from "./keys.ts";
import type { Link } from "./link.ts";
import type { Regressions } from "./regressions.ts";
import { entryOf, listOf, loadedOf, maybeText, messageOf, numberOf, textOf, type Reply } from "./replies.ts";
import { SCRIPTS, type Script } from "./script.ts";
import { readFeed, readList, type AskShard } from "./shard-reads.ts";

/** What a retiring process gives up per call of the script. */
const RETIRED_AT_ONCE = 1_000;

/** What the store is made of. */
export interface RedisParts {
  readonly address: string;
  /** Several shards may have the same. */
  readonly links: ReadonlyMap<Shard, Link>;
  readonly keys: Keyspace;
  readonly regressions: Regressions;
  /** Redis's own time counts with the machine's clock; any other clock is sent along. */
  readonly clock: Clock;
}

export class RedisStore implements Store {
  readonly address: string;
  readonly #links: ReadonlyMap<Shard, Link>;
  readonly #keys: Keyspace;
  readonly #regressions: Regressions;
  readonly #time: () => string;
  readonly #mended = new Map<Shard, readonly string[]>();

  constructor({ address, links, keys, regressions, clock }: RedisParts) {
    this.address = address;
    this.#links = links;
    this.#keys = keys;
    this.#regressions = regressions;
    this.#time = clock === systemClock ? () => "" : microsecondsOf(clock);
  }

  async load(owner: Owner): Promise<Loaded | undefined> {
    return this.#seen(owner, await this.#one(SCRIPTS.load, owner));
  }

  async commit(owner: Owner, change: Change): Promise<Committed> {
    const { writeId, expectedVersion, epoch, facts } = change;
    const keys = touchesIndexes(change) ? "all" : "few";
    const reply = await this.#about(keys, SCRIPTS.commit, owner, owner, writeId, String(expectedVersion), String(epoch), String(expectedVersion + 1), this.#regressions.writeOf(owner, expectedVersion), ...changeArgs(change));
    if (!Array.isArray(reply)) {
      const version = numberOf(reply);
      const mayExpire = facts?.expiresAtMs === undefined ? {} : { mayExpire: facts.expiresAtMs !== null };
      this.#regressions.acknowledged(owner, { version, epoch, writeId, ...mayExpire });
      return { version };
    }
    const head = headOf(listOf(reply));
    if (head?.writeId === writeId) return { version: head.version };
    const lost = this.#regressions.compare(owner, head ?? null);
    if (lost) throw lost;
    judge(owner, change, head);
    throw new Error("A commit that nothing refuses was not applied.");
  }

  async answer(owner: Owner, callId: string): Promise<string | undefined> {
    return maybeText(await this.#one(SCRIPTS.answer, owner, callId)) ?? undefined;
  }

  async acquire(owner: Owner, process: ProcessIdentity, facts: { agentId?: string } = {}): Promise<Acquired> {
    const agent = facts.agentId === undefined ? [] : [facts.agentId];
    const [kind, what, more] = listOf(await this.#about("all", SCRIPTS.acquire, owner, owner, process.id, ...agent));
    if (textOf(kind) === "held") return { kind: "held", process: textOf(what), untilMs: numberOf(more) };
    return { kind: "acquired", loaded: this.#seen(owner, what)!, tookOver: numberOf(more) === 1 };
  }

  async renew(process: ProcessIdentity, leaseMs: number): Promise<void> {
    await this.#everywhere(SCRIPTS.renew, process.id, String(Math.round(leaseMs)));
  }

  async release(owner: Owner, process: string, epoch: number): Promise<void> {
    await this.#about("all", SCRIPTS.release, owner, owner, process, String(epoch));
  }

  async retire(process: string): Promise<void> {
    await Promise.all(this.#keys.shards.map(async (shard) => {
      while (numberOf(await this.#ask(shard, SCRIPTS.retire, process)) === RETIRED_AT_ONCE);
    }));
  }

  async post(owner: Owner, message: Message): Promise<void> {
    const [isTaken, status] = listOf(await this.#about("all", SCRIPTS.post, owner, owner, message.id, message.text));
    if (numberOf(isTaken) === 0) checkTakesMail(owner, (maybeText(status) ?? undefined) as Status | undefined);
  }

  /** RS4. */
  async pending(process: string | null): Promise<readonly Owner[]> {
    const well = this.#keys.shards.filter((shard) => this.#links.get(shard)!.isWell);
    const asked = (well.length > 0 ? well : this.#keys.shards).map((shard) => this.#ask(shard, SCRIPTS.pending, ...(process === null ? [] : [process])));
    // Nobody answered: the first says why.
    await Promise.any(asked).catch(() => asked[0]);
    const answers = await Promise.allSettled(asked);
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? listOf(answer.value) : [])).map((owner) => textOf(owner) as Owner);
  }

  async inbox(owner: Owner, after?: string): Promise<readonly WaitingMessage[]> {
    return listOf(await this.#one(SCRIPTS.inbox, owner, String(PAGE_ITEMS.inbox), ...(after === undefined ? [] : [after]))).map(messageOf);
  }

  async list(filter: ListFilter = {}): Promise<ListPage> {
    return readList(this.#keys.shards, this.#ask, filter);
  }

  async history(owner: Owner, range: HistoryRange = {}): Promise<readonly Entry[]> {
    const limit = pageLimit(range.limit, PAGE_ITEMS.history);
    return listOf(await this.#one(SCRIPTS.history, owner, String(range.afterVersion ?? 0), String(limit), range.answers === true ? "a" : "")).map((entry) => entryOf(listOf(entry)));
  }

  async feed(after: string | null, limit?: number): Promise<{ readonly items: readonly FeedItem[]; readonly cursor: string }> {
    return readFeed(this.#keys.shards, this.#ask, after, pageLimit(limit, PAGE_ITEMS.feed));
  }

  async forget(owner: Owner, { tombstone = false, untilMs }: ForgetOptions = {}): Promise<Forgotten> {
    const until = untilMs === undefined ? "" : String(Math.ceil(untilMs));
    const [records, entries, messages] = listOf(await this.#about("all", SCRIPTS.forget, owner, owner, tombstone ? "1" : "0", until)).map(numberOf);
    this.#regressions.released(owner);
    return { records: records!, entries: entries!, messages: messages! };
  }

  /** @throws {StoreUnavailableError} A shard was away; the others were swept (RS4). */
  async sweep(limit?: number): Promise<Swept> {
    const mended = await Promise.allSettled(this.#keys.shards.map((shard) => this.#mend(shard)));
    let left = pageLimit(limit, PAGE_ITEMS.sweep);
    let removed = 0;
    let more = false;
    for (const shard of this.#keys.shards.filter((_, n) => mended[n]!.status === "fulfilled")) {
      for (;;) {
        const [gone, remain] = listOf(await this.#ask(shard, SCRIPTS.sweep, String(left))).map(numberOf);
        removed += gone!;
        left -= gone!;
        if (remain === 1 && left > 0) continue;
        more ||= remain === 1;
        break;
      }
    }
    for (const outcome of mended) if (outcome.status === "rejected") throw outcome.reason;
    return { removed, more };
  }

  async close(): Promise<void> {
    await Promise.all([...new Set(this.#links.values())].map((link) => link.close()));
  }

  /** Goes on, where the last one was, with a part of what leads to owners that Redis removed by itself. */
  async #mend(shard: Shard): Promise<void> {
    const at = this.#mended.get(shard) ?? ["", ""];
    this.#mended.set(shard, listOf(await this.#ask(shard, SCRIPTS.mend, ...at)).map(textOf));
  }

  /** RS3. */
  #seen(owner: Owner, reply: Reply): Loaded | undefined {
    const seen = loadedOf(owner, reply);
    if (!seen) return void this.#regressions.compare(owner, null);
    const { loaded, writeId } = seen;
    const mark = { version: loaded.version, epoch: loaded.epoch, writeId };
    this.#regressions.compare(owner, mark);
    this.#regressions.acknowledged(owner, { ...mark, mayExpire: loaded.facts.expiresAtMs !== null });
    return loaded;
  }

  /** A script that reads one owner's hash alone. */
  #one(script: Script, owner: Owner, ...args: readonly string[]): Promise<Reply> {
    return this.#about("none", script, owner, ...args);
  }

  /** A script about one owner, with as many of the shard's keys as it needs (RC3). */
  async #about(which: "none" | "few" | "all", script: Script, owner: Owner, ...args: readonly string[]): Promise<Reply> {
    checkOwner(owner);
    const shard = this.#keys.shardOf(owner);
    const keys = which === "none" ? [shard.base + owner] : [shard.base + owner, ...shard[which]];
    return this.#links.get(shard)!.call(script, keys, [this.#time(), ...args]);
  }

  readonly #ask: AskShard = (shard, script, ...args) => this.#links.get(shard)!.call(script, [shard.base, ...shard.all], [this.#time(), ...args]);

  #everywhere(script: Script, ...args: readonly string[]): Promise<Reply[]> {
    return Promise.all(this.#keys.shards.map((shard: Shard) => this.#ask(shard, script, ...args)));
  }
}

/** The head that a refused commit met; undefined when there is no owner. */
function headOf([version, epoch, status, writeId]: readonly Reply[]): Head | undefined {
  if (version === undefined) return undefined;
  return { version: numberOf(version), epoch: numberOf(epoch), status: textOf(status) as Status, writeId: maybeText(writeId) };
}

/** A clock that stands still still tells first from second. */
function microsecondsOf(clock: Clock): () => string {
  let lastMs = -1;
  let count = 0;
  return () => {
    const nowMs = clock.now();
    count = nowMs === lastMs ? Math.min(count + 1, 61) : 0;
    lastMs = nowMs;
    return String(nowMs * 1_000 + count * 16);
  };
}

// A Redis Cluster whose nodes are killed, stopped, replaced and given other slots, under a store.

import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import type { ConversimpleError } from "../../src/base/errors.ts";
import { conversationOwner, type Change, type Entry, type Owner, type Store } from "../../src/state/store.ts";
import { Keyspace } from "../../src/stores/redis/keys.ts";
import { openRedis } from "../../src/stores/redis/opening.ts";
import { canStart } from "../servers/desk.ts";
import { startCluster, type RedisCluster } from "../servers/redis-cluster.ts";
import { until, type RedisServer } from "../servers/redis.ts";

let set: RedisCluster;
const isHere = await canStart(async () => void (set = await startCluster({ withReplicas: true }, "--appendonly", "yes", "--appendfsync", "no", "--cluster-require-full-coverage", "no")), "redis");
afterAll(() => set?.remove());

const ME = { id: "me", pid: 1, host: "a machine", startedAtMs: 0 };
const change = (expectedVersion: number, more: Partial<Change> = {}): Change => ({ writeId: randomUUID(), expectedVersion, epoch: 0, ...more });
const slotOf = (owner: Owner) => new Keyspace("", true).shardOf(owner).slot;
const OWNERS = Array.from({ length: 32 }, (_, n): Owner => `customer:${n}`);

/** A store under a prefix of its own. */
async function opened(timeoutMs: number): Promise<{ store: Store; prefix: string }> {
  const prefix = `cluster-${randomUUID()}:`;
  return { prefix, store: await openRedis(`${set.url}?prefix=${prefix}`, { timeoutMs }) };
}

/** Those whose slots this master has, and the others. */
async function parted(master: RedisServer, owners: readonly Owner[]): Promise<{ its: Owner[]; others: Owner[] }> {
  const masters = await Promise.all(owners.map((owner) => set.masterOf(slotOf(owner))));
  return { its: owners.filter((_, n) => masters[n] === master), others: owners.filter((_, n) => masters[n] !== master) };
}

/** Commits, again with the same write id while it is not known whether it happened. */
async function settled(store: Store, owner: Owner, next: Change): Promise<void> {
  for (;;) {
    const [outcome] = await Promise.allSettled([store.commit(owner, next)]);
    if (outcome.status === "fulfilled") return;
    expect(outcome.reason).toMatchObject({ code: "state_unavailable" });
  }
}

/** Writers who write until they are told to stop; resolves with the version that each owner reached. */
function writing(store: Store): { stop(): Promise<number[]>; everybodyWrote(): Promise<void> } {
  const over = new AbortController();
  const versions = OWNERS.map(() => 0);
  const writers = OWNERS.map(async (owner, n) => {
    while (!over.signal.aborted) {
      await settled(store, owner, change(versions[n]!, { record: `record ${versions[n]! + 1}`, entry: String(versions[n]! + 1) }));
      versions[n]! += 1;
      // Enough to be in the way of everything, not so much that nobody gets on.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  return {
    async everybodyWrote() {
      const before = [...versions];
      await until(async () => versions.every((version, n) => version > before[n]!));
    },
    async stop() {
      over.abort();
      await Promise.all(writers);
      return versions;
    },
  };
}

/** What was acknowledged is there, once each and in order. */
async function expectAll(store: Store, versions: readonly number[]): Promise<void> {
  for (const [n, owner] of OWNERS.entries()) {
    expect(await store.load(owner)).toMatchObject({ version: versions[n], record: `record ${versions[n]}` });
    expect(await entriesOf(store, owner)).toEqual(Array.from({ length: versions[n]! }, (_, at) => String(at + 1)));
  }
}

async function entriesOf(store: Store, owner: Owner): Promise<(string | null)[]> {
  const entries: Entry[] = [];
  for (let page: readonly Entry[]; (page = await store.history(owner, { afterVersion: entries.at(-1)?.version ?? 0 })).length > 0; ) entries.push(...page);
  return entries.map(({ text }) => text);
}

async function errorsOf(server: RedisServer, word: string): Promise<number> {
  return Number(new RegExp(`errorstat_${word}:count=(\\d+)`).exec(await server.command("INFO", "errorstats"))?.[1] ?? 0);
}

describe.runIf(isHere)("a redis cluster", () => {
  test("the store knows in which slot each of its parts lies", async () => {
    for (const { slot, base, all } of new Keyspace("p:", true).shards) {
      for (const key of [base, ...all]) expect(await set.masters[0]!.command("CLUSTER", "KEYSLOT", key)).toBe(`:${slot}\r\n`);
    }
  });

  test.each(["SIGSTOP", "SIGKILL"] as const)("a master that gets %s keeps nobody waiting but those whose slots it has: the others write, get their mail and are swept", { timeout: 60_000 }, async (signal) => {
    const { store, prefix } = await opened(1_000);
    const master = set.masters[0]!;
    const { its, others } = await parted(master, OWNERS);
    const { others: [call] } = await parted(master, Array.from({ length: 16 }, (_, n) => conversationOwner(`call-${n}`)));
    await store.renew(ME, 3_600_000);
    await store.acquire(call!, ME);
    await store.post(call!, { id: "m", text: "t" });
    await Promise.all(OWNERS.map((owner) => store.commit(owner, change(0, { record: "one" }))));
    const [expired] = others.splice(0, 1);
    await store.commit(expired!, change(1, { facts: { expiresAtMs: 1 } }));
    const swept = await set.masterOf(slotOf(expired!));

    onTestFinished(() => master.kill("SIGCONT"));
    if (signal === "SIGKILL") await master.stop(signal);
    else master.kill(signal);
    const seconds = new Map(its.map((owner) => [owner, change(1, { record: "two" })]));
    for (let version = 1, round = 0; round < 2; round++) {
      const waiting = { isOver: false };
      const doomed = Promise.allSettled(its.map((owner) => store.commit(owner, seconds.get(owner)!))).finally(() => (waiting.isOver = true));
      do {
        await Promise.all(others.map((owner) => store.commit(owner, change(version, { record: "more" }))));
        expect(await store.pending(ME.id)).toEqual([call]);
        version += 1;
      } while (!waiting.isOver);
      for (const outcome of await doomed) expect(outcome).toMatchObject({ status: "rejected", reason: { code: "state_unavailable" } });
    }
    await expect(store.sweep()).rejects.toMatchObject({ code: "state_unavailable" });
    const { base } = new Keyspace(prefix, true).shardOf(expired!);
    expect(await swept.command("EXISTS", base + expired!)).toBe(":0\r\n");

    if (signal === "SIGKILL") await master.restart();
    else master.kill("SIGCONT");
    await Promise.all(its.map((owner) => settled(store, owner, seconds.get(owner)!)));
    for (const owner of its) expect(await store.load(owner)).toMatchObject({ version: 2, record: "two" });
    await store.close();
  });

  test("reads that were given up leave no answer for whoever asks next, though parts share connections", { timeout: 60_000 }, async () => {
    const { store: patient, prefix } = await opened(15_000);
    await Promise.all(OWNERS.map((owner) => patient.commit(owner, change(0, { record: `of ${owner}` }))));
    const store = await openRedis(`${set.url}?prefix=${prefix}`, { timeoutMs: 1_000 });
    const wrong: Owner[] = [];
    /** Whether there was an answer. */
    const ask = async (owner: Owner) => {
      const [outcome] = await Promise.allSettled([store.load(owner)]);
      if (outcome.status === "fulfilled" && outcome.value?.record !== `of ${owner}`) wrong.push(owner);
      return outcome.status === "fulfilled";
    };
    const all = (signal: NodeJS.Signals) => set.masters.forEach((master) => master.kill(signal));
    onTestFinished(() => all("SIGCONT"));
    for (let round = 0; round < 2; round++) {
      // Answers come, but after those who asked have gone.
      all("SIGSTOP");
      expect((await Promise.all(OWNERS.map(ask))).filter((isAnswered) => isAnswered)).toEqual([]);
      all("SIGCONT");
      for (const owner of OWNERS.toReversed()) while (!(await ask(owner)));
    }
    expect(wrong).toEqual([]);
    await Promise.all([patient.close(), store.close()]);
  });

  test("a store is not opened while a part of it is away: never half a store", { timeout: 60_000 }, async () => {
    await set.masters[1]!.stop("SIGKILL");
    await expect(openRedis(set.masters[0]!.url.replace("redis:", "redis+cluster:"), { timeoutMs: 1_000 })).rejects.toMatchObject({ code: "store_misconfigured" });
    await set.masters[1]!.restart();
    await until(async () => openRedis(set.url, { timeoutMs: 1_000 }).then((store) => (void store.close(), true)));
  });

  test("slots that move to another master take their owners along, while everybody writes", { timeout: 60_000 }, async () => {
    const { store } = await opened(15_000);
    const writers = writing(store);
    await writers.everybodyWrote();
    const { store: idle } = await opened(15_000);
    const slot = slotOf(OWNERS[0]!);
    const from = await set.masterOf(slot);
    const to = set.masters.find((other) => other !== from)!;
    // Half of the keys are here, half there: such a script is put off, or sent on.
    const isPutOff = async () => (await errorsOf(from, "TRYAGAIN")) + (await errorsOf(from, "ASK")) > 0;
    await set.move(slot, to, () => until(isPutOff));
    await writers.everybodyWrote();
    await expectAll(store, await writers.stop());
    // Whoever was not there when it moved is sent on.
    await idle.commit(OWNERS[0]!, change(0));
    expect(await errorsOf(from, "MOVED")).toBeGreaterThan(0);
    await Promise.all([store.close(), idle.close()]);
  });

  test("a master that hands over to its replica, and back, loses nothing, while everybody writes", { timeout: 60_000 }, async () => {
    const { store } = await opened(15_000);
    const writers = writing(store);
    const slot = slotOf(OWNERS[1]!);
    const before = await set.masterOf(slot);
    for (let times = 0; times < 2; times++) {
      await writers.everybodyWrote();
      await set.handOver(slot);
    }
    await writers.everybodyWrote();
    expect(await set.masterOf(slot)).toBe(before);
    await expectAll(store, await writers.stop());
    await store.close();
  });

  test("too few replicas are waited for, then said, with nothing done", async () => {
    const { store } = await opened(1_000);
    const [owner] = OWNERS;
    const master = await set.masterOf(slotOf(owner!));
    await master.command("CONFIG", "SET", "min-replicas-to-write", "2");
    const first = change(0, { record: "one", entry: "e" });
    const refused: unknown = await store.commit(owner!, first).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: "state_unavailable", fields: { outcome: "none", redis: "NOREPLICAS" } });
    expect((refused as ConversimpleError).message).toContain("min-replicas-to-write");
    expect(await store.load(owner!)).toBeUndefined();
    const waiting = store.commit(owner!, first);
    await master.command("CONFIG", "SET", "min-replicas-to-write", "1");
    expect(await waiting).toEqual({ version: 1 });
    await store.close();
  });
});

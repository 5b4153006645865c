import { afterAll, afterEach, describe, expect, test } from "vitest";
import { codeOf, ConversimpleError } from "../../src/base/errors.ts";
import type { LogFields, Logger } from "../../src/base/log.ts";
import type { Change, Owner, Store } from "../../src/state/store.ts";
import { openRedis } from "../../src/stores/redis/opening.ts";
import { canStart } from "../servers/desk.ts";
import { startRedis, until, type RedisServer } from "../servers/redis.ts";
import { TcpRelay } from "../servers/tcp-relay.ts";
import { inTime } from "./in-time.ts";

let server: RedisServer;
let relay: TcpRelay;
const isHere = await canStart(async () => {
  server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
  relay = await TcpRelay.listen(server.port);
}, "redis");

const opened: Store[] = [];
let writes = 0;
let places = 0;

const A: Owner = "customer:a";
const CALL: Owner = "conversation:call";
const ME = { id: "me", pid: 1, host: "a machine", startedAtMs: 0 };

function change(expectedVersion: number, more: Partial<Change> = {}): Change {
  return { writeId: `w${++writes}`, expectedVersion, epoch: 0, ...more };
}

/** A store behind the relay, under a prefix of its own unless one is given. */
async function open(options: { timeoutMs?: number; prefix?: string; logger?: Logger; direct?: boolean } = {}): Promise<Store> {
  const { timeoutMs = 5_000, prefix = `faults-${++places}:`, logger, direct } = options;
  const address = `redis://127.0.0.1:${direct ? server.port : relay.port}?prefix=${prefix}`;
  const store = await inTime(() => openRedis(address, { timeoutMs, ...(logger ? { logger } : {}) }));
  opened.push(store);
  return store;
}

async function refused(promise: Promise<unknown>): Promise<ConversimpleError> {
  const thrown: unknown = await promise.then(() => undefined, (error: unknown) => error);
  expect(thrown).toBeInstanceOf(ConversimpleError);
  return thrown as ConversimpleError;
}

function recorder(): { logger: Logger; lines: { fields: LogFields; message: string }[] } {
  const lines: { fields: LogFields; message: string }[] = [];
  const log = (fields: LogFields, message: string) => void lines.push({ fields, message });
  return { logger: { debug: log, info: log, warn: log, error: log }, lines };
}

afterEach(async () => {
  relay.mode = "pass";
  relay.delayMs = 0;
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

afterAll(async () => {
  if (!isHere) return;
  await relay.close();
  await server.remove();
});

describe.runIf(isHere)("redis when things go wrong", () => {
  test("a commit whose answer was lost is unknown, and its write id tells that it happened", async () => {
    const store = await open();
    await store.commit(A, change(0, { record: "one" }));
    const second = change(1, { record: "two", entry: "e" });
    relay.mode = "cut after";
    expect((await refused(store.commit(A, second))).fields).toMatchObject({ outcome: "unknown" });
    expect(await store.commit(A, second)).toEqual({ version: 2 });
    expect((await store.history(A)).map((entry) => entry.text)).toEqual([null, "e"]);
  });

  test("a commit that did not arrive is unknown too, and happens once when it is sent again", async () => {
    const store = await open();
    await store.commit(A, change(0, { record: "one" }));
    const second = change(1, { record: "two" });
    relay.mode = "cut before";
    expect((await refused(store.commit(A, second))).fields.outcome).toBe("unknown");
    expect((await store.load(A))?.record).toBe("one");
    expect(await store.commit(A, second)).toEqual({ version: 2 });
  });

  test("what only reads, and what may be done twice, survives a cut without the caller noticing", async () => {
    const store = await open();
    await store.commit(A, change(0, { record: "one" }));
    for (const mode of ["cut before", "cut after"] as const) {
      relay.mode = mode;
      expect((await store.load(A))?.record).toBe("one");
      relay.mode = mode;
      await store.renew(ME, 1_000);
    }
  });

  test("without an answer every method ends at its timeout: a read with nothing done, a commit unknown", async () => {
    const store = await open({ timeoutMs: 300 });
    await store.commit(A, change(0));
    relay.mode = "black hole";
    const outcomes = await Promise.all([refused(store.load(A)), refused(store.commit(A, change(1))), refused(store.list()), refused(store.renew(ME, 1_000))]);
    expect(outcomes.map((error) => [error.code, error.fields.outcome])).toEqual([["state_unavailable", "none"], ["state_unavailable", "unknown"], ["state_unavailable", "none"], ["state_unavailable", "unknown"]]);
    relay.mode = "pass";
    relay.cut();
    expect((await store.load(A))?.version).toBe(1);
  });

  test("1,000 reads that were given up leave no answer for whoever asks next", async () => {
    // Who only prepares has time; who gives up does so soon.
    const patient = await open({ prefix: "given-up:" });
    const store = await open({ prefix: "given-up:", timeoutMs: 100 });
    const owners = Array.from({ length: 50 }, (_, n): Owner => `customer:${n}`);
    for (const owner of owners) await patient.commit(owner, change(0, { record: `of ${owner}` }));
    const wrong: Owner[] = [];
    /** Whether there was an answer. */
    const ask = async (owner: Owner) => {
      const [outcome] = await Promise.allSettled([store.load(owner)]);
      if (outcome.status === "fulfilled" && outcome.value?.record !== `of ${owner}`) wrong.push(owner);
      return outcome.status === "fulfilled";
    };
    const before = relay.connections;
    let rounds = 0;
    for (let given = 0; given < 1_000; rounds++) {
      // Answers come, but after the callers have gone.
      relay.delayMs = 250;
      given += (await Promise.all(owners.map(ask))).filter((isAnswered) => !isAnswered).length;
      relay.delayMs = 0;
      for (const owner of owners.toReversed()) while (!(await ask(owner)));
    }
    expect(wrong).toEqual([]);
    // None of the connections that somebody waited on in vain was read any further.
    expect(relay.connections - before).toBeGreaterThanOrEqual(rounds);
  }, 60_000);

  test("a server that is killed and comes back has everything that was acknowledged, and is waited for", async () => {
    const store = await open({ timeoutMs: 10_000, direct: true });
    const acknowledged = new Map<number, number>();
    const over = new AbortController();
    const writers = Array.from({ length: 8 }, async (_, n) => {
      const owner: Owner = `customer:${n}`;
      for (let version = 0; !over.signal.aborted; version++) {
        const next = change(version, { record: `record ${version + 1}`, entry: String(version + 1) });
        for (;;) {
          const [outcome] = await Promise.allSettled([store.commit(owner, next)]);
          if (outcome.status === "fulfilled") break;
          expect((outcome.reason as ConversimpleError).fields.outcome).toBe("unknown");
        }
        acknowledged.set(n, version + 1);
      }
    });
    await until(async () => acknowledged.size === 8);
    for (let kill = 0; kill < 3; kill++) {
      await server.restart();
      const before = acknowledged.get(0)!;
      await until(async () => acknowledged.get(0)! > before);
    }
    over.abort();
    await Promise.all(writers);
    for (const [n, version] of acknowledged) {
      const loaded = await store.load(`customer:${n}`);
      expect([loaded?.version, loaded?.record]).toEqual([version, `record ${version}`]);
      expect((await store.history(`customer:${n}`)).slice(-3).map((entry) => entry.text)).toEqual([version - 2, version - 1, version].map(String));
    }
  }, 60_000);

  test("while the server is down nothing is done and nothing hangs", async () => {
    const store = await open({ timeoutMs: 300, direct: true });
    await store.commit(A, change(0));
    await server.stop("SIGKILL");
    await refused(store.load(A));
    const errors = await Promise.all([refused(store.load(A)), refused(store.commit(A, change(1))), refused(store.post(CALL, { id: "m", text: "t" }))]);
    for (const error of errors) expect([error.code, error.fields.outcome]).toEqual(["state_unavailable", "none"]);
    expect(errors[0].message).toMatch(/ECONNREFUSED.*start Redis/);
    await server.restart();
    await expect(store.commit(A, change(1))).resolves.toEqual({ version: 2 });
  });

  test("a full memory refuses commits with nothing written, lets read and forget, and passes", async () => {
    const store = await open({ direct: true });
    await store.commit(A, change(0, { record: "one" }));
    // What it uses changes from moment to moment: less than any of them.
    await server.command("CONFIG", "SET", "maxmemory", "1");
    for (const owner of [A, "customer:new"] as const) {
      const error = await refused(store.commit(owner, change(owner === A ? 1 : 0, { record: "two" })));
      expect([error.code, error.fields.outcome, error.fields.redis]).toEqual(["state_unavailable", "none", "OOM"]);
      expect(error.message).toMatch(/raise maxmemory/);
    }
    expect((await store.load(A))?.record).toBe("one");
    expect(await store.load("customer:new")).toBeUndefined();
    expect((await store.list()).items.map((item) => item.owner)).toEqual([A]);
    await store.forget(A);
    await server.command("CONFIG", "SET", "maxmemory", "0");
    await expect(store.commit(A, change(0))).resolves.toEqual({ version: 1 });
  });

  test("a server that forgot its scripts is taught again", async () => {
    const store = await open();
    await store.commit(A, change(0));
    await server.command("SCRIPT", "FLUSH");
    await Promise.all([store.commit(A, change(1)), store.load(A), store.list(), store.load("customer:b")]);
    expect((await store.load(A))?.version).toBe(2);
  });

  test("a commit that is never answered is unknown, and happened", async () => {
    const store = await open({ timeoutMs: 1_000 });
    await store.commit(A, change(0));
    relay.mode = "deaf";
    const second = change(1, { record: "two" });
    expect((await refused(store.commit(A, second))).fields.outcome).toBe("unknown");
    relay.mode = "pass";
    expect(await store.commit(A, second)).toEqual({ version: 2 });
    expect((await store.history(A))).toHaveLength(2);
  });
});

describe.runIf(isHere)("redis that loses what it had", () => {
  const lose: readonly (readonly [how: string, command: (prefix: string) => readonly string[]])[] = [
    ["DEL of the owner", (prefix) => ["DEL", `${prefix}{0}:o:${CALL}`]],
    ["FLUSHALL", () => ["FLUSHALL"]],
  ];

  test.each(lose)("after %s in mid-call the next commit says that the state is lost, and nothing is there", async (_, command) => {
    const { logger, lines } = recorder();
    const prefix = `lost-${++places}:`;
    const store = await open({ prefix, logger, direct: true });
    await store.acquire(CALL, ME);
    await store.commit(CALL, change(0, { epoch: 1, record: "logged in", answer: { callId: "c", digest: "d", text: "t" } }));
    await server.command(...command(prefix));
    expect((await refused(store.commit(CALL, change(1, { epoch: 1, record: "on" })))).code).toBe("state_lost");
    expect(await store.load(CALL)).toBeUndefined();
    expect(lines.filter(({ fields }) => fields.code === "state_lost")).toHaveLength(1);
    expect((await store.list()).items).toEqual([]);
    expect((await store.feed("0")).items).toEqual([]);
  });

  test("what was evicted is gone as a whole: a record without its ledger is never seen", async () => {
    const store = await open({ direct: true, timeoutMs: 20_000 });
    const owners = Array.from({ length: 300 }, (_, n): Owner => `customer:${n}`);
    for (const owner of owners) await store.commit(owner, change(0, { record: "r".repeat(4_000), entry: "e", answer: { callId: "call", digest: "d", text: `of ${owner}` } }));
    const used = Number(/used_memory:(\d+)/.exec(await server.command("INFO", "memory"))![1]);
    await server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-random");
    await server.command("CONFIG", "SET", "maxmemory", String(used - 600_000));
    await refused(store.commit("customer:0", change(7))).catch(() => undefined);
    await server.command("CONFIG", "SET", "maxmemory", "0");
    await server.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
    let gone = 0;
    for (const owner of owners) {
      const loaded = await store.load(owner);
      if (!loaded) {
        gone += 1;
        expect(["state_lost"]).toContain((await refused(store.commit(owner, change(1)))).code);
        continue;
      }
      expect([loaded.record?.length, loaded.calls.length, await store.answer(owner, "call"), (await store.history(owner)).length]).toEqual([4_000, 1, `of ${owner}`, 1]);
    }
    expect(gone).toBeGreaterThan(0);
    expect(gone).toBeLessThan(owners.length);
  });

  test("a store that went back is noticed by whoever knows better: reported once, and a commit is refused", async () => {
    const { logger, lines } = recorder();
    const prefix = `back-${++places}:`;
    const key = `${prefix}{0}:o:${CALL}`;
    const store = await open({ prefix, logger, direct: true });
    await store.acquire(CALL, ME);
    await store.commit(CALL, change(0, { epoch: 1, record: "one" }));
    await store.commit(CALL, change(1, { epoch: 1, record: "two" }));
    await server.command("HSET", key, "v", "1", "d", "one");
    const error = await refused(store.commit(CALL, change(2, { epoch: 1, record: "three" })));
    expect([error.code, error.fields.acknowledged, error.fields.found]).toEqual(["state_lost", 2, 1]);
    expect(lines.filter(({ fields }) => fields.code === "state_lost")).toHaveLength(1);

    await store.load(CALL);
    await store.commit(CALL, change(1, { epoch: 1 }));
    await server.command("HSET", key, "v", "1");
    expect((await store.load(CALL))?.version).toBe(1);
    expect(lines.filter(({ fields }) => fields.code === "state_lost")).toHaveLength(2);
  });

  test("the same version, made by another write, is not taken for the one that was acknowledged", async () => {
    const { logger, lines } = recorder();
    const prefix = `twin-${++places}:`;
    const store = await open({ prefix, logger, direct: true });
    await store.commit(A, change(0, { record: "one" }));
    await store.commit(A, change(1, { record: "two" }));
    // What another process makes of it after a failover that lost the second commit.
    await server.command("HSET", `${prefix}{0}:o:${A}`, "d", "another two", "w", "another write");
    expect((await refused(store.commit(A, change(2, { record: "three" })))).code).toBe("state_lost");
    expect((await store.load(A))?.record).toBe("another two");
    await expect(store.commit(A, change(2, { record: "three" }))).resolves.toEqual({ version: 3 });
    expect(lines.filter(({ fields }) => fields.code === "state_lost")).toHaveLength(1);
  });

  test("an owner that was forgotten, or expired, is no loss", async () => {
    const { logger, lines } = recorder();
    const prefix = `no-loss-${++places}:`;
    const store = await open({ prefix, logger, direct: true });
    await store.commit(A, change(0));
    await store.forget(A);
    expect(await store.load(A)).toBeUndefined();
    await store.commit(CALL, change(0, { facts: { status: "ended", expiresAtMs: 1 } }));
    expect(await store.load(CALL)).toBeUndefined();
    expect(await store.sweep()).toEqual({ removed: 1, more: false });
    expect(lines.filter(({ fields }) => fields.code === "state_lost")).toEqual([]);
  });

  test("indexes that name what is gone are mended by those who read them", async () => {
    const prefix = `mend-${++places}:`;
    const store = await open({ prefix, direct: true });
    for (const n of [1, 2, 3]) {
      await store.acquire(`conversation:${n}`, ME);
      await store.commit(`conversation:${n}`, change(0, { epoch: 1, entry: `e${n}`, facts: { customer: "c" } }));
      await store.post(`conversation:${n}`, { id: "m", text: "t" });
    }
    await server.command("DEL", `${prefix}{0}:o:conversation:2`);
    const two: Owner[] = ["conversation:3", "conversation:1"];
    expect((await store.list({ customer: "c" })).items.map((item) => item.owner)).toEqual(two);
    expect([...(await store.pending("me"))].sort()).toEqual(two.toReversed());
    expect((await store.list()).items.map((item) => item.owner)).toEqual(two);
    expect((await store.feed("0")).items.map((item) => item.text)).toEqual(["e1", "e3"]);
    for (const index of ["owners", "conversations", "live"]) expect(await server.command("ZCARD", `${prefix}{0}:${index}`)).toBe(":2\r\n");
    expect(await server.command("XLEN", `${prefix}{0}:feed`)).toBe(":2\r\n");
    expect(await server.command("ZCARD", `${prefix}{0}:customers`)).toBe(":2\r\n");
  });

  test("what leads to owners that Redis removed by itself goes away with the sweeps, and nothing else", async () => {
    const prefix = `faults-${++places}:`;
    const store = await open({ prefix });
    const count = async (command: string, name: string) => Number((await server.command(command, `${prefix}{0}:${name}`)).slice(1));
    for (let n = 0; n < 300; n++) {
      for (let version = 0; version < 4; version++) await store.commit(`conversation:c${n}`, change(version, { entry: "e", ...(version === 0 ? { facts: { customer: "customer:k" } } : {}) }));
    }
    expect([await count("XLEN", "feed"), await count("ZCARD", "customers")]).toEqual([1_200, 300]);
    // As Redis does when nobody swept for an hour, or evicts.
    for (let n = 0; n < 300; n += 2) await server.command("DEL", `${prefix}{0}:o:conversation:c${n}`);
    for (let sweeps = 0; sweeps < 3; sweeps++) await store.sweep();
    expect([await count("XLEN", "feed"), await count("ZCARD", "customers")]).toEqual([600, 150]);
    // One that was made anew in between counts as what it is now.
    expect((await store.list({ customer: "customer:k", limit: 1_000 })).items).toHaveLength(150);
    await store.commit("conversation:c0", change(0, { entry: "anew" }));
    for (let sweeps = 0; sweeps < 3; sweeps++) await store.sweep();
    expect(await count("XLEN", "feed")).toBe(601);
  }, 60_000);

  test("a script that is refused in the middle of its work says that it may have done a part of it", async () => {
    const prefix = `faults-${++places}:`;
    const store = await open({ prefix });
    await store.acquire(CALL, ME);
    // Somebody else's key where an index was.
    await server.command("DEL", `${prefix}{0}:customers`);
    await server.command("SET", `${prefix}{0}:customers`, "somebody else's");
    const mine = change(0, { epoch: 1, record: "r", facts: { customer: "customer:k" } });
    expect((await refused(store.commit(CALL, mine))).fields).toMatchObject({ outcome: "unknown", redis: "WRONGTYPE" });
    // It did: so "nothing happened" would have been a lie, and the write id tells the truth.
    expect(await store.commit(CALL, mine)).toEqual({ version: 1 });
  });

  test("an owner that is made anew after Redis lost it does not expire with the old one", async () => {
    const prefix = `anew-${++places}:`;
    const store = await open({ prefix, direct: true });
    await store.commit(A, change(0, { facts: { expiresAtMs: 1 } }));
    await server.command("DEL", `${prefix}{0}:o:${A}`);
    await store.commit(A, change(0, { record: "anew" }));
    expect(await store.sweep()).toEqual({ removed: 0, more: false });
    expect((await store.load(A))?.record).toBe("anew");
    expect(await server.command("ZCARD", `${prefix}{0}:expiry`)).toBe(":0\r\n");
  });

  test("what has an expiry goes away even when nobody sweeps, and what has none does not", async () => {
    const prefix = `ttl-${++places}:`;
    const store = await open({ prefix, direct: true });
    const ttl = async (owner: Owner) => Number((await server.command("PTTL", `${prefix}{0}:o:${owner}`)).slice(1));
    await store.commit(A, change(0));
    expect(await ttl(A)).toBe(-1);
    await store.commit(A, change(1, { facts: { expiresAtMs: Date.now() + 100_000 } }));
    expect(await ttl(A)).toBeGreaterThan(3_600_000);
    expect(await ttl(A)).toBeLessThanOrEqual(3_700_000);
    await store.commit(A, change(2, { record: "later" }));
    expect(await ttl(A)).toBeGreaterThan(0);
    await store.commit(A, change(3, { facts: { expiresAtMs: null } }));
    expect(await ttl(A)).toBe(-1);
  });

  test("what was forgotten is in no key, and the keys are all under the prefix", async () => {
    const prefix = `bytes-${++places}:`;
    await server.command("FLUSHALL");
    const store = await open({ prefix, direct: true });
    const canary = "CANARY-4111";
    await store.acquire(CALL, ME, { agentId: "shop" });
    for (let n = 0; n < 5; n++) await store.commit(CALL, change(n, { epoch: 1, record: canary, entry: canary, answer: { callId: canary, digest: canary, text: canary }, facts: { customer: canary, endReason: canary } }));
    await store.post(CALL, { id: canary, text: canary });
    const everything = async () => {
      const keys = (await server.command("KEYS", "*")).split("\r\n").filter((line) => /^[^*$]/.test(line));
      const dumps = await Promise.all(keys.map((key) => server.command("DUMP", key)));
      return { keys, text: keys.join() + dumps.join() };
    };
    expect((await everything()).text).toContain(canary);
    await store.forget(CALL, { tombstone: true });
    const { keys, text } = await everything();
    expect(text).not.toContain(canary);
    expect(keys.filter((key) => !key.startsWith(prefix))).toEqual([]);
    await store.forget(CALL);
    expect((await everything()).keys.filter((key) => key.includes("o:"))).toEqual([]);
  });

  test("a commit that lost says so to its caller alone", async () => {
    const { logger, lines } = recorder();
    const store = await open({ logger, direct: true });
    await store.commit(A, change(0));
    expect(codeOf(await refused(store.commit(A, change(0))))).toBe("version_conflict");
    expect(lines.filter(({ fields }) => fields.code === "state_lost")).toEqual([]);
  });
});

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, onTestFinished, test } from "vitest";
import { ConversimpleError } from "../../src/base/errors.ts";
import type { Change, Owner, Store } from "../../src/state/store.ts";
import { openPostgres } from "../../src/stores/postgres/store.ts";
import { canStart } from "../servers/desk.ts";
import { startPostgres, type PostgresServer } from "../servers/postgres.ts";
import { until } from "../servers/redis.ts";
import { TcpRelay } from "../servers/tcp-relay.ts";
import { Place } from "./postgres-gate.ts";
import { inTime } from "./in-time.ts";

let server: PostgresServer;
let relay: TcpRelay;
const isHere = await canStart(async () => {
  // Synced: what was acknowledged must survive.
  server = await startPostgres("fsync=on", "synchronous_commit=on");
  relay = await TcpRelay.listen(server.port);
}, "postgres");

const A: Owner = "customer:a";
const CALL: Owner = "conversation:call";
const ME = { id: "me", pid: 1, host: "a machine", startedAtMs: 0 };
const opened: Store[] = [];
let writes = 0;
let places = 0;

function change(expectedVersion: number, more: Partial<Change> = {}): Change {
  return { writeId: `w${++writes}`, expectedVersion, epoch: 0, record: `record ${expectedVersion + 1}`, entry: `entry ${expectedVersion + 1}`, ...more };
}

/** A store in a schema of its own, behind the relay unless told otherwise. */
async function open({ timeoutMs = 5_000, pool = 4, direct = false, more = `schema=faults_${++places}` }: { timeoutMs?: number; pool?: number; direct?: boolean; more?: string } = {}): Promise<Store> {
  const address = `postgres://postgres@127.0.0.1:${direct ? server.port : relay.port}/postgres?pool=${pool}&${more}`;
  const store = await inTime(() => openPostgres(address, { timeoutMs }));
  opened.push(store);
  return store;
}

async function refused(promise: Promise<unknown>): Promise<ConversimpleError> {
  const thrown: unknown = await promise.then(() => undefined, (error: unknown) => error);
  expect(thrown).toBeInstanceOf(ConversimpleError);
  return thrown as ConversimpleError;
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

describe.runIf(isHere)("postgres when things go wrong", () => {
  test.each(["cut after", "cut before"] as const)("a commit that was %s its answer, alone or in a group, is unknown, and happens once when it is sent again", async (mode) => {
    const store = await open();
    const owners = Array.from({ length: 10 }, (_, n): Owner => `conversation:${n}`);
    await Promise.all(owners.map((owner) => store.commit(owner, change(0))));
    for (const [version, group] of [[1, owners], [2, owners.slice(0, 1)]] as const) {
      const changes = new Map(group.map((owner) => [owner, change(version)]));
      relay.mode = mode;
      for (const error of await Promise.all(group.map((owner) => refused(store.commit(owner, changes.get(owner)!))))) {
        expect([error.code, error.fields.outcome]).toEqual(["state_unavailable", "unknown"]);
      }
      for (const owner of group) {
        expect((await store.load(owner))?.version).toBe(mode === "cut after" ? version + 1 : version);
        expect(await store.commit(owner, changes.get(owner)!)).toEqual({ version: version + 1 });
        expect((await store.history(owner)).map((entry) => entry.version)).toEqual(Array.from({ length: version + 1 }, (_, n) => n + 1));
      }
    }
  });

  test.each([["in its middle", "BEFORE", 1], ["after its COMMIT", "DEFERRED", 0]] as const)("an erasure that was cut %s is unknown, happened as a whole or not at all, and can be done again", async (_, when, entries) => {
    const place = await Place.in(server.url);
    const direct = await place.open();
    const store = await open({ more: `schema=${place.schema}` });
    await direct.commit(A, change(0));
    const unlock = await place.gate("DELETE ON", "turns", when);
    const forgetting = refused(store.forget(A, { tombstone: true }));
    await place.waiting(1);
    relay.mode = "cut after";
    await unlock();
    expect((await forgetting).fields.outcome).toBe("unknown");
    await until(async () => (await place.sql("SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")).length === 0);
    expect(await place.count("turns")).toBe(entries);
    expect(await store.forget(A, { tombstone: true })).toEqual({ records: entries, entries, messages: 0 });
    expect(await store.load(A)).toMatchObject({ record: null, version: 2, facts: { status: "forgotten" } });
  });

  test("what only reads, and what may be done twice, survives a cut without the caller noticing", async () => {
    const store = await open();
    await store.commit(A, change(0));
    for (const mode of ["cut before", "cut after"] as const) {
      relay.mode = mode;
      expect((await store.load(A))?.record).toBe("record 1");
      relay.mode = mode;
      await store.renew(ME, 1_000);
    }
    relay.cut();
    expect((await store.load(A))?.version).toBe(1);
  });

  test("without an answer every method ends at its timeout: a read with nothing done, a commit unknown, one that was not sent with nothing done", async () => {
    const store = await open({ timeoutMs: 1_000 });
    await store.commit(A, change(0));
    relay.mode = "black hole";
    const outcomes = await Promise.all([refused(store.load(A)), refused(store.commit(A, change(1))), refused(store.commit(A, change(1))), refused(store.list())]);
    expect(outcomes.map((error) => [error.code, error.fields.outcome])).toEqual([["state_unavailable", "none"], ["state_unavailable", "unknown"], ["state_unavailable", "none"], ["state_unavailable", "none"]]);
    relay.mode = "pass";
    relay.cut();
    expect((await store.load(A))?.version).toBe(1);
  });

  test("a method of several steps ends at its timeout too, and what it began is done as a whole", async () => {
    const store = await open({ timeoutMs: 1_000, pool: 1 });
    await store.commit(A, change(0));
    // Each step is answered in time, all of them together are not.
    relay.delayMs = 600;
    expect(await refused(store.forget(A))).toMatchObject({ code: "state_unavailable", fields: { outcome: "unknown" }, message: expect.stringMatching(/did not answer within 1000 ms/) });
    relay.delayMs = 0;
    await until(async () => (await store.forget(A)).entries === 0);
    expect(await store.load(A)).toBeUndefined();
  });

  test("1,000 reads that were given up leave no answer for whoever asks next", async () => {
    const store = await open({ timeoutMs: 100 });
    const owners = Array.from({ length: 50 }, (_, n): Owner => `customer:${n}`);
    const patient = await open({ direct: true, more: `schema=faults_${places}` });
    await Promise.all(owners.map((owner) => patient.commit(owner, change(0, { record: `of ${owner}` }))));
    let given = 0;
    for (let round = 0; round < 20; round++) {
      // Answers come, but after the callers have gone.
      relay.delayMs = 250;
      const outcomes = await Promise.allSettled(owners.map((owner) => store.load(owner)));
      given += outcomes.filter((outcome) => outcome.status === "rejected").length;
      relay.delayMs = 0;
      for (const owner of owners.toReversed()) {
        await until(async () => {
          const loaded = await store.load(owner);
          expect(loaded?.record).toBe(`of ${owner}`);
          return true;
        });
      }
    }
    expect(given).toBe(1_000);
  }, 60_000);

  test("a server that is frozen keeps nobody waiting, and is used again when it goes on", async () => {
    const store = await open({ timeoutMs: 300, direct: true });
    await store.commit(A, change(0));
    const second = change(1);
    server.signalAll("SIGSTOP");
    try {
      const errors = await Promise.all([refused(store.commit(A, second)), refused(store.load(A)), refused(store.post(CALL, { id: "m", text: "t" })), refused(store.pending(null))]);
      expect(errors.map((error) => error.code)).toEqual(Array.from({ length: 4 }, () => "state_unavailable"));
      expect(errors[0].fields.outcome).toBe("unknown");
      // New connections hang too.
      expect((await refused(store.load(A))).code).toBe("state_unavailable");
    } finally {
      server.signalAll("SIGCONT");
    }
    await until(async () => (await store.commit(A, second)).version === 2);
    expect((await store.history(A)).map((entry) => entry.text)).toEqual(["entry 1", "entry 2"]);
  });

  test("a server that is killed in the middle of commits and comes back has everything that was acknowledged, once", async () => {
    const store = await open({ timeoutMs: 10_000, direct: true });
    const acknowledged = new Map<Owner, number>();
    const owners = Array.from({ length: 8 }, (_, n): Owner => `conversation:${n}`);
    const over = new AbortController();
    const writers = owners.map(async (owner) => {
      for (let version = 0; !over.signal.aborted; version++) {
        const next = change(version);
        await until(async () => (await store.commit(owner, next)).version === version + 1);
        acknowledged.set(owner, version + 1);
      }
    });
    await until(async () => acknowledged.size === 8);
    for (let kill = 0; kill < 3; kill++) {
      const before = acknowledged.get(owners[0]!)!;
      server.signalAll("SIGKILL");
      await server.restart();
      await until(async () => acknowledged.get(owners[0]!)! > before + 3);
    }
    over.abort();
    await Promise.all(writers);
    for (const [owner, version] of acknowledged) {
      const loaded = await store.load(owner);
      expect([loaded?.version, loaded?.record]).toEqual([version, `record ${version}`]);
      const entries = await store.history(owner);
      expect(entries.map((entry) => entry.text)).toEqual(entries.map((_, n) => `entry ${n + 1}`));
      expect(entries).toHaveLength(version);
    }
  }, 60_000);

  test("while the server is down nothing is done and nothing hangs, and no other store is used", async () => {
    const store = await open({ timeoutMs: 1_000, direct: true });
    await store.commit(A, change(0));
    await server.stop("SIGINT");
    const errors = await Promise.all([refused(store.load(A)), refused(store.commit(A, change(1))), refused(store.post(CALL, { id: "m", text: "t" }))]);
    expect(errors.map((error) => [error.code, error.fields.outcome])).toEqual(Array.from({ length: 3 }, () => ["state_unavailable", "none"]));
    expect(errors[0].message).toMatch(/ECONNREFUSED.*start PostgreSQL/);
    await server.restart();
    await expect(store.commit(A, change(1))).resolves.toEqual({ version: 2 });
  });

  test("a process that stops in the middle of an erasure does not hold the owner for ever, and nothing is half erased", async () => {
    const place = await Place.in(server.url);
    const other = await place.open();
    await other.commit(A, change(0));
    const unlock = await place.gate("DELETE ON", "turns");
    const script = fileURLToPath(new URL("./process/forgetter.ts", import.meta.url));
    const forgetter = spawn(process.execPath, [script, place.address(), A, "1000"], { stdio: "ignore" });
    onTestFinished(() => void forgetter.kill("SIGKILL"));
    await place.waiting(1);
    // From here on it hears nothing and says nothing, while its transaction is open.
    forgetter.kill("SIGSTOP");
    await unlock();
    expect(await other.commit(A, change(1))).toEqual({ version: 2 });
    expect((await other.history(A)).map((entry) => entry.text)).toEqual(["entry 1", "entry 2"]);
  });

  test("with one connection everything works, and who finds it taken hears so in time", async () => {
    const place = await Place.in(server.url);
    const store = await place.open({ timeoutMs: 300 }, "pool=1");
    await Promise.all(Array.from({ length: 30 }, (_, n) => store.commit(`customer:${n % 3}`, change(Math.floor(n / 3))).catch(() => undefined)));
    await store.renew(ME, 60_000);
    expect((await store.acquire(CALL, ME)).kind).toBe("acquired");
    await store.post(CALL, { id: "m", text: "t" });
    expect(await store.pending("me")).toEqual([CALL]);
    const release = await place.hold(`SELECT 1 FROM $S.owners WHERE owner = '${CALL}' FOR UPDATE`);
    const errors = await Promise.all([refused(store.post(CALL, { id: "n", text: "t" })), refused(store.load(A)), refused(store.commit(A, change(0)))]);
    expect(errors.map((error) => error.code)).toEqual(Array.from({ length: 3 }, () => "state_unavailable"));
    await release();
    expect(await store.load(A)).toBeUndefined();
  });

  test("a primary that became a standby is left for the one that is primary now", async () => {
    const place = await Place.in(server.url);
    await place.sql("CREATE ROLE failing LOGIN; GRANT CREATE ON DATABASE postgres TO failing");
    const store = await openPostgres(place.address("pool=1").replace("postgres@", "failing@"));
    opened.push(store);
    await store.commit(A, change(0));
    await place.sql("ALTER ROLE failing SET default_transaction_read_only = on");
    await place.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'failing'");
    // What the caller does with an outcome that is unknown: the same write again.
    const second = change(1);
    let error = await refused(store.commit(A, second));
    if (error.fields.outcome === "unknown") error = await refused(store.commit(A, second));
    expect([error.fields.outcome, error.fields.state]).toEqual(["none", "25006"]);
    expect(error.message).toMatch(/use the address of the primary/);
    await place.sql("ALTER ROLE failing RESET default_transaction_read_only");
    expect(await store.commit(A, second)).toEqual({ version: 2 });
  });
});

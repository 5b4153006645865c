import { describe, expect, test } from "vitest";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { codeOf } from "../../src/base/errors.ts";
import type { Change, Owner, ProcessIdentity, Store } from "../../src/state/store.ts";
import { sharedServer } from "../servers/desk.ts";
import { Place } from "./postgres-gate.ts";

const server = await sharedServer("postgres");
const A: Owner = "customer:a";
const CALL: Owner = "conversation:call";
let writes = 0;

function change(expectedVersion: number, more: Partial<Change> = {}): Change {
  return { writeId: `w${++writes}`, expectedVersion, epoch: 0, record: `record ${expectedVersion + 1}`, entry: `entry ${expectedVersion + 1}`, ...more };
}

function named(id: string): ProcessIdentity {
  return { id, pid: 1, host: "a machine", startedAtMs: 0 };
}

describe.runIf(server !== undefined)("postgres when two do something at once", () => {
  test.each([["a tombstone", true], ["an erasure", false]] as const)("what a commit wrote while %s waited for it is gone too", async (_, tombstone) => {
    const place = await Place.in(server!);
    const store = await place.open();
    await store.commit(A, change(0));
    const open = await place.gate("INSERT ON", "turns");
    const committing = store.commit(A, change(1));
    await place.waiting(1);
    const forgetting = store.forget(A, { tombstone });
    await place.waiting(2);
    await open();
    expect(await committing).toEqual({ version: 2 });
    expect(await forgetting).toEqual({ records: 1, entries: 2, messages: 0 });
    expect(await place.count("turns")).toBe(0);
    expect(await store.load(A)).toEqual(tombstone ? expect.objectContaining({ record: null, version: 3, epoch: 1 }) : undefined);
  });

  test("a message that was posted while a tombstone waited for it is gone too", async () => {
    const place = await Place.in(server!);
    const store = await place.open();
    await store.acquire(CALL, named("me"));
    const open = await place.gate("INSERT ON", "inbox");
    const posting = store.post(CALL, { id: "m", text: "canary" });
    await place.waiting(1);
    const forgetting = store.forget(CALL, { tombstone: true });
    await place.waiting(2);
    await open();
    await posting;
    expect((await forgetting).messages).toBe(1);
    expect(await place.count("inbox")).toBe(0);
  });

  test("an owner that expired during its last commit leaves nothing behind when its key begins again", async () => {
    const place = await Place.in(server!);
    const clock = new SimulatedClock();
    const store = await place.open({ clock });
    await store.commit(CALL, change(0, { facts: { status: "ended", expiresAtMs: clock.now() + 10 } }));
    const open = await place.gate("INSERT ON", "turns");
    const committing = store.commit(CALL, change(1));
    await place.waiting(1);
    await clock.advance(20);
    const acquiring = store.acquire(CALL, named("me"));
    await place.waiting(2);
    await open();
    await committing;
    expect(await acquiring).toMatchObject({ kind: "acquired", loaded: { version: 0, epoch: 1, record: null } });
    expect(await place.count("turns")).toBe(0);
  });

  test("a sweep does not wait for an owner that somebody writes, nor does it remove half of it", async () => {
    const place = await Place.in(server!);
    const clock = new SimulatedClock();
    const store = await place.open({ clock });
    for (const owner of [CALL, A]) await store.commit(owner, change(0, { facts: { expiresAtMs: clock.now() + 10 } }));
    const open = await place.gate("INSERT ON", "turns");
    const committing = store.commit(CALL, change(1, { facts: { expiresAtMs: null } }));
    await place.waiting(1);
    await clock.advance(20);
    expect((await store.sweep()).removed).toBe(1);
    await open();
    await committing;
    expect(await store.sweep()).toEqual({ removed: 0, more: false });
    expect(await store.history(CALL)).toHaveLength(2);
    expect(await store.load(A)).toBeUndefined();
  });

  test("a process that was overtaken before it heard of its epoch is never told the other's", async () => {
    const place = await Place.in(server!);
    const store = await place.open();
    await store.acquire(CALL, named("before"));
    // Whoever takes the conversation can do so, but not load it.
    const release = await place.hold("LOCK TABLE $S.turns IN ACCESS EXCLUSIVE MODE");
    const first = store.acquire(CALL, named("first"));
    await place.waiting(1);
    await store.renew(named("second"), 3_600_000);
    const second = store.acquire(CALL, named("second"));
    await place.waiting(2);
    await release();
    expect(await second).toMatchObject({ kind: "acquired", loaded: { epoch: 3, process: "second" } });
    expect(await first).toMatchObject({ kind: "held", process: "second" });
  });

  test("of ten processes that ask for a new conversation at once one gets it, and the others hear who", async () => {
    const place = await Place.in(server!);
    const store = await place.open({}, "pool=10");
    const processes = Array.from({ length: 10 }, (_, n) => named(`p${n}`));
    await Promise.all(processes.map((process) => store.renew(process, 3_600_000)));
    for (const call of ["one", "two", "three"]) {
      const outcomes = await Promise.all(processes.map((process) => store.acquire(`conversation:${call}`, process)));
      const [winner, ...more] = outcomes.filter((outcome) => outcome.kind === "acquired");
      expect(more).toEqual([]);
      const { process, epoch } = winner!.loaded;
      expect(epoch).toBe(1);
      expect(outcomes.filter((outcome) => outcome.kind === "held").map((held) => held.process)).toEqual(Array.from({ length: 9 }, () => process));
    }
  });

  test("a conversation whose row somebody else holds does not keep the others waiting", async () => {
    const place = await Place.in(server!);
    const store = await place.open();
    const owners = Array.from({ length: 20 }, (_, n): Owner => `conversation:${n}`);
    await Promise.all(owners.map((owner) => store.commit(owner, change(0))));
    const release = await place.hold(`SELECT 1 FROM $S.owners WHERE owner = '${owners[7]}' FOR UPDATE`);
    const commits = owners.map((owner) => store.commit(owner, change(1)));
    const others = await Promise.all(commits.filter((_, n) => n !== 7));
    expect(others.map(({ version }) => version)).toEqual(Array.from({ length: 19 }, () => 2));
    await place.waiting(1);
    await release();
    expect(await commits[7]).toEqual({ version: 2 });
  });

  test("the same write sent again while the first one is still under way happens once, and both hear so", async () => {
    const place = await Place.in(server!);
    const [one, other] = [await place.open(), await place.open()];
    for (const version of [0, 1]) {
      const open = await place.gate("INSERT ON", "turns");
      const same = change(version);
      const first = one.commit(A, same);
      await place.waiting(1);
      const again = other.commit(A, same);
      await place.waiting(2);
      await open();
      expect(await Promise.all([first, again])).toEqual([{ version: version + 1 }, { version: version + 1 }]);
      await place.sql("DROP TRIGGER gate ON $S.turns");
    }
    expect(await place.count("turns")).toBe(2);
  });

  test("the feed passes nothing that becomes visible late", async () => {
    const place = await Place.in(server!);
    const store = await place.open();
    const { cursor } = await store.feed(null);
    const open = await place.gate("INSERT ON", "turns");
    const slow = store.commit(A, change(0, { entry: "slow" }));
    await place.waiting(1);
    const release = await place.hold(`
      SET LOCAL session_replication_role = replica;
      INSERT INTO $S.owners (owner, kind, created_at, updated_at) VALUES ('customer:fast', 'customer', 0, 0);
      INSERT INTO $S.turns (owner_id, version, xid, at, entry) SELECT id, 1, pg_current_xact_id()::text::bigint, 0, 'fast' FROM $S.owners WHERE owner = 'customer:fast'`);
    await release();
    const before = await store.feed(cursor);
    expect(before.items).toEqual([]);
    await open();
    await slow;
    const after = await store.feed(before.cursor);
    expect(after.items.map((item) => item.text)).toEqual(["slow", "fast"]);
    expect((await store.feed(after.cursor)).items).toEqual([]);
  });

  test.each(["40001", "40P01"])("a statement that the server gave up (%s) is tried again", async (state) => {
    const place = await Place.in(server!);
    const store = await place.open();
    await store.commit(A, change(0));
    await place.sql(`
      CREATE SEQUENCE $S.tries;
      CREATE FUNCTION $S.give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('$S.tries') < 3 THEN RAISE EXCEPTION USING ERRCODE = '${state}'; END IF; RETURN coalesce(NEW, OLD); END $$;
      CREATE TRIGGER give_up BEFORE UPDATE OR DELETE ON $S.owners FOR EACH ROW EXECUTE FUNCTION $S.give_up()`);
    expect(await store.commit(A, change(1))).toEqual({ version: 2 });
    await place.sql("ALTER SEQUENCE $S.tries RESTART");
    expect(await store.forget(A)).toEqual({ records: 1, entries: 2, messages: 0 });
    expect((await place.sql("SELECT last_value FROM $S.tries"))[0]).toEqual({ last_value: "3" });
  });

  test("where every transaction is serializable by default, writers still lose nothing", async () => {
    const place = await Place.in(server!);
    const more = `pool=4&options=${encodeURIComponent("-c default_transaction_isolation=serializable")}`;
    const stores = await Promise.all([place.open({}, more), place.open({}, more)]);
    const added = async (store: Store) => {
      const version = (await store.load(A))?.version ?? 0;
      const outcome = await store.commit(A, change(version)).catch(codeOf);
      expect(["version_conflict", { version: version + 1 }]).toContainEqual(outcome);
      return outcome !== "version_conflict";
    };
    await Promise.all(stores.map(async (store) => {
      for (let done = 0; done < 20; ) if (await added(store)) done += 1;
    }));
    expect([(await stores[0].load(A))?.version, await place.count("turns")]).toEqual([40, 40]);
  });

  test("a statement that was prepared before the tables changed is prepared anew", async () => {
    const place = await Place.in(server!);
    const store = await place.open({}, "pool=1");
    await store.commit(A, change(0));
    expect(await store.history(A)).toHaveLength(1);
    await place.sql("ALTER TABLE $S.turns ALTER COLUMN entry TYPE varchar(100)");
    expect((await store.history(A)).map((entry) => entry.text)).toEqual(["entry 1"]);
  });

  test("a change that the server refuses takes none of its group with it", async () => {
    const place = await Place.in(server!);
    const store = await place.open();
    await place.sql("ALTER TABLE $S.owners ADD CHECK (record <> 'bad')");
    const outcomes = await Promise.allSettled(["good", "bad", "fine"].map((record, n) => store.commit(`customer:${n}`, change(0, { record }))));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({ code: "state_unavailable", fields: { outcome: "none", state: "23514" } });
  });
});

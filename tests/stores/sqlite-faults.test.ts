import { readFileSync, statSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { StoreUnavailableError, codeOf } from "../../src/base/errors.ts";
import type { Change, Owner, Store } from "../../src/state/store.ts";
import type { Fault } from "../../src/stores/sqlite/faults.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";
import { temporaryFiles } from "./folder.ts";

const newFile = temporaryFiles("sqlite-faults");
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;

let writes = 0;
function change(expectedVersion: number, more: Partial<Change> = {}): Change {
  return { writeId: `w${++writes}`, expectedVersion, epoch: 0, ...more };
}

async function unavailable(promise: Promise<unknown>): Promise<StoreUnavailableError> {
  const thrown: unknown = await promise.then(() => undefined, (error: unknown) => error);
  expect(thrown).toBeInstanceOf(StoreUnavailableError);
  return thrown as StoreUnavailableError;
}

/** Commits until the store refuses; returns the version that was acknowledged last, and the error. */
async function fill(store: Store, owner: Owner): Promise<{ acknowledged: number; error: StoreUnavailableError }> {
  for (let version = 0; ; version++) {
    try {
      await store.commit(owner, change(version, { record: `record ${version + 1}`, entry: "e".repeat(20_000) }));
    } catch (thrown) {
      return { acknowledged: version, error: thrown as StoreUnavailableError };
    }
  }
}

test("on a full disk nothing is acknowledged, reads go on, and it recovers when there is space", async () => {
  const store = await openSqlite(newFile(), { maxPageCount: 100 });
  await store.commit("customer:other", change(0, { record: "other", entry: "e".repeat(60_000) }));
  const { acknowledged, error } = await fill(store, "customer:full");
  expect(acknowledged).toBeGreaterThan(3);
  expect(error).toBeInstanceOf(StoreUnavailableError);
  expect(error.fields).toMatchObject({ outcome: "none", sqlite: SQLITE_FULL });

  const loaded = await store.load("customer:full");
  expect([loaded?.version, loaded?.record]).toEqual([acknowledged, `record ${acknowledged}`]);
  expect(await store.history("customer:full")).toHaveLength(acknowledged);
  await store.forget("customer:other");
  await expect(store.commit("customer:full", change(acknowledged, { record: "after", entry: "e".repeat(20_000) }))).resolves.toEqual({ version: acknowledged + 1 });
  await store.close();
});

test("one commit that is too large for the disk takes none of its group with it", async () => {
  const store = await openSqlite(newFile(), { maxPageCount: 100 });
  const outcomes = await Promise.allSettled(
    ["a", "huge", "b"].map((id) => store.commit(`customer:${id}`, change(0, { record: id === "huge" ? "x".repeat(900_000) : id }))),
  );
  expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect((await store.list()).items.map((item) => item.owner).sort()).toEqual(["customer:a", "customer:b"]);
  await store.close();
});

test("a group that fails as a whole is tried again one by one, and each is stored once", async () => {
  const store = await openSqlite(newFile(), { faults: [{ step: "before-commit", group: 1, action: { kind: "fail", errcode: SQLITE_IOERR } }] });
  const owners = ["a", "b", "c"].map((id): Owner => `customer:${id}`);
  const committed = await Promise.all(owners.map((owner) => store.commit(owner, change(0, { entry: owner }))));
  expect(committed).toEqual([{ version: 1 }, { version: 1 }, { version: 1 }]);
  expect((await store.feed("0")).items.map((item) => item.text)).toEqual(owners);
  await store.close();
});

test("an error of the disk is typed, stores nothing, and passes", async () => {
  const store = await openSqlite(newFile(), { faults: [{ step: "before-commit", group: 2, action: { kind: "fail", errcode: SQLITE_IOERR } }] });
  await store.commit("customer:a", change(0, { record: "one" }));
  const error = await unavailable(store.commit("customer:a", change(1, { record: "two" })));
  expect(error.fields).toMatchObject({ sqlite: SQLITE_IOERR });
  expect((await store.load("customer:a"))?.record).toBe("one");
  await expect(store.commit("customer:a", change(1, { record: "two" }))).resolves.toEqual({ version: 2 });
  await store.close();
});

test("a failed sync leaves the outcome unknown, any other failure says that nothing was stored", async () => {
  const failAt = (step: Fault["step"]): Fault[] => [{ step, action: { kind: "fail", errcode: SQLITE_IOERR } }];
  for (const [step, outcome] of [["before-begin", "none"], ["after-begin", "none"], ["after-operation", "none"], ["before-commit", "none"], ["after-commit", "unknown"]] as const) {
    const store = await openSqlite(newFile(), { faults: failAt(step) });
    const error = await unavailable(store.commit("customer:a", change(0)));
    expect([step, error.fields.outcome]).toEqual([step, outcome]);
    await store.close();
  }
});

test("a write of a group whose COMMIT failed is unknown when it fails again, however it fails", async () => {
  const fail = (errcode: number) => ({ kind: "fail", errcode }) as const;
  const store = await openSqlite(newFile(), {
    faults: [
      { step: "after-commit", group: 1, action: fail(SQLITE_IOERR) },
      { step: "before-begin", group: 2, action: fail(SQLITE_FULL) },
    ],
  });
  const [first, second] = await Promise.allSettled(["customer:a", "customer:b"].map((owner) => store.commit(owner as Owner, change(0))));
  expect(first).toMatchObject({ status: "rejected", reason: { fields: { outcome: "unknown" } } });
  expect(second).toMatchObject({ status: "fulfilled", value: { version: 1 } });
  expect((await store.load("customer:a"))?.version).toBe(1);
  await store.close();
});

test("nothing is acknowledged before COMMIT returned", async () => {
  for (const step of ["after-operation", "before-commit"] as const) {
    const store = await openSqlite(newFile(), { faults: [{ step, group: 1, action: { kind: "exit" } }] });
    const error = await unavailable(store.commit("customer:a", change(0, { record: "one" })));
    expect(error.fields.outcome).toBe("unknown");
    expect(await store.load("customer:a")).toBeUndefined();
    await store.close();
  }
});

test("when the worker dies, what waits is unknown, and the next call starts another one", async () => {
  const store = await openSqlite(newFile(), { faults: [{ step: "before-reply", group: 2, action: { kind: "exit" } }] });
  await store.commit("customer:a", change(0, { record: "one" }));
  const lost = change(1, { record: "two" });
  const [first, second] = await Promise.all([unavailable(store.commit("customer:a", lost)), unavailable(store.post("conversation:c", { id: "m", text: "t" }))]);
  expect([first.fields.outcome, second.fields.outcome]).toEqual(["unknown", "unknown"]);
  await expect(store.commit("customer:a", lost)).resolves.toEqual({ version: 2 });
  expect((await store.history("customer:a"))).toHaveLength(2);
  await store.close();
});

test("a call that is not answered in time is unknown, and its write id resolves it", async () => {
  const store = await openSqlite(newFile(), { timeoutMs: 1_000, faults: [{ step: "before-commit", group: 2, action: { kind: "sleep", ms: 2_500 } }] });
  await store.commit("customer:a", change(0));
  const slow = change(1, { record: "slow" });
  const error = await unavailable(store.commit("customer:a", slow));
  expect(error.fields).toMatchObject({ outcome: "unknown", operation: "commit" });
  const resolved = async (): Promise<number> => store.commit("customer:a", slow).then(({ version }) => version, resolved);
  expect(await resolved()).toBe(2);
  await store.close();
});

test("a lock of another process is waited for and then told, with nothing written", async () => {
  const path = newFile();
  const store = await openSqlite(path, { timeoutMs: 1_000 });
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const errors = await Promise.all(["a", "b"].map((id) => unavailable(store.commit(`customer:${id}`, change(0)))));
  expect(errors.map((error) => error.fields.outcome)).toEqual(["none", "none"]);
  other.exec("ROLLBACK");
  other.close();
  expect((await store.list()).items).toEqual([]);
  await store.commit("customer:a", change(0));
  await store.close();
});

test("the caller's event loop goes on while the disk syncs for 20 ms", async () => {
  const store = await openSqlite(newFile(), { faults: [{ step: "before-commit", action: { kind: "sleep", ms: 20 } }] });
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  turn();
  const before = turns;
  await Promise.all(Array.from({ length: 64 }, (_, n) => store.commit(`customer:${n}`, change(0))));
  isDone = true;
  expect(turns - before).toBeGreaterThan(10);
  await store.close();
});

test("commits that wait at the same time share few syncs", async () => {
  const kills: Fault[] = [{ step: "before-begin", group: 8, action: { kind: "exit" } }];
  const store = await openSqlite(newFile(), { faults: kills });
  await Promise.all(Array.from({ length: 200 }, (_, n) => store.commit(`customer:${n}`, change(0))));
  expect((await store.list({ limit: 1_000 })).items).toHaveLength(200);
  await store.close();
});

test("a write that arrives while a group is open joins it, a read behind it is answered after it", async () => {
  const path = newFile();
  const store = await openSqlite(path, {
    faults: [
      { step: "after-begin", group: 1, action: { kind: "sleep", ms: 2_000 } },
      { step: "before-begin", group: 2, action: { kind: "fail", errcode: SQLITE_IOERR } },
    ],
  });
  const first = store.commit("customer:a", change(0, { record: "a" }));
  await until(() => isLocked(path));
  const joined = [store.commit("customer:b", change(0, { record: "b" })), store.commit("customer:a", change(1, { record: "a again" }))];
  const read = store.load("customer:b");
  expect(await Promise.all([first, ...joined])).toEqual([{ version: 1 }, { version: 1 }, { version: 2 }]);
  expect((await read)?.record).toBe("b");
  await unavailable(store.commit("customer:b", change(1, { record: "of the second group" })));
  await store.close();
});

/** Whether somebody holds the write lock. */
function isLocked(path: string): boolean {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("BEGIN IMMEDIATE; ROLLBACK");
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test("an argument that cannot be copied fails alone", async () => {
  const store = await openSqlite(newFile());
  const bad = store.commit("customer:bad", change(0, { consume: [(() => "not a string") as never] }));
  const good = store.commit("customer:good", change(0, { record: "good" }));
  expect((await unavailable(bad)).fields.outcome).toBe("none");
  await expect(good).resolves.toEqual({ version: 1 });
  await store.close();
});

test("a file of a newer release, of another program, or that is none, is refused with a remedy and left as it is", async () => {
  const newer = newFile();
  await (await openSqlite(newer)).close();
  const database = new DatabaseSync(newer);
  database.exec("PRAGMA user_version=99");
  database.close();
  const foreign = newFile();
  const theirs = new DatabaseSync(foreign);
  theirs.exec("CREATE TABLE theirs (x)");
  theirs.close();
  const garbage = newFile();
  writeFileSync(garbage, "this is not a database, it only has a long enough text in it ".repeat(40));
  const folder = newFile();
  mkdirSync(folder);
  const cases = [[newer, /schema is version 99.*Upgrade/], [foreign, /another program/], [garbage, /not a SQLite database/], [folder, /is a folder/], [join(garbage, "x.db"), /cannot be made/]] as const;
  for (const [path, message] of cases) {
    const before = path === folder || path.endsWith("x.db") ? undefined : readFileSync(path);
    const error: unknown = await openSqlite(path).then(() => undefined, (thrown: unknown) => thrown);
    expect(codeOf(error)).toBe("store_misconfigured");
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("\n");
    if (before) expect(readFileSync(path).equals(before)).toBe(true);
  }
});

test("a damaged page is an error, never an empty state", async () => {
  const path = newFile();
  const store = await openSqlite(path);
  for (let n = 0; n < 50; n++) await store.commit(`customer:${n}`, change(0, { record: "r".repeat(3_000) }));
  await store.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, 3 * 4_096, 30 * 4_096);
  writeFileSync(path, bytes);
  const outcomes = await openSqlite(path).then(
    async (damaged) => {
      const loads = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => damaged.load(`customer:${n}`)));
      await damaged.close();
      return loads.map((load) => (load.status === "rejected" ? codeOf(load.reason) : load.value?.record?.length));
    },
    (thrown: unknown) => [codeOf(thrown)],
  );
  for (const outcome of outcomes) expect(["state_unavailable", "store_misconfigured", 3_000]).toContain(outcome);
  expect(outcomes).not.toEqual(Array(50).fill(3_000));
});

test("the file and its folder belong to their owner alone", async () => {
  const path = join(newFile(), "deep", "state.db");
  const store = await openSqlite(path);
  await store.commit("customer:a", change(0));
  expect([path, `${path}-wal`, `${path}-shm`].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
  expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
  await store.close();
});

test("the WAL stays bounded while more and more is written", async () => {
  const path = newFile();
  const store = await openSqlite(path, { timeoutMs: 30_000 });
  for (let n = 0; n < 120; n++) await store.commit("customer:big", change(n, { record: "r".repeat(1_048_576), trimBelow: n }));
  expect(statSync(`${path}-wal`).size).toBeLessThan(96 * 1_048_576);
  await store.close();
});

test("what was forgotten is in no byte of the files, soon while the store is open", async () => {
  const path = newFile();
  const store = await openSqlite(path);
  const canary = "CANARY-4111-1111";
  await store.acquire("conversation:c", { id: "p", pid: 1, host: "h", startedAtMs: 0 });
  for (let n = 0; n < 20; n++) {
    const answer = { callId: `call-${n}`, digest: "d", text: `${canary} answer` };
    await store.commit("conversation:c", change(n, { epoch: 1, record: `${canary} record`.padEnd(9_000, "x"), entry: `${canary} entry`, answer }));
  }
  await store.post("conversation:c", { id: "m", text: `${canary} message` });
  await store.commit("conversation:kept", change(0, { record: "KEPT" }));
  const holds = (text: string) => [path, `${path}-wal`].some((file) => readFileSync(file).includes(text));
  expect(holds(canary)).toBe(true);
  await store.forget("conversation:c", { tombstone: true });
  while (holds(canary)) await new Promise((resolve) => setImmediate(resolve));
  expect(holds("KEPT")).toBe(true);
  await store.close();
});

test("no text is stored with a NUL, at which Node 22 ends what it reads", async () => {
  const path = newFile();
  const store = await openSqlite(path);
  await store.commit("customer:a\0b", change(0, { record: "r\0", entry: "e\0\u0001", answer: { callId: "c\0", digest: "d\0", text: "t\0" }, facts: { endReason: "\0" } }));
  await store.close();
  const database = new DatabaseSync(path);
  const owners = database.prepare("SELECT owner, record, end_reason FROM owners").all();
  const turns = database.prepare("SELECT call_id, digest, entry, answer FROM turns").all();
  database.close();
  expect([...owners, ...turns].flatMap((row) => Object.values(row))).toEqual(["customer:a\u00010b", "r\u00010", "\u00010", "c\u00010", "d\u00010", "e\u00010\u00011", "t\u00010"]);
});

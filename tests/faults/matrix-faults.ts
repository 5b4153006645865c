// The faults that every durable store is put through, and why some of them do not apply to some stores.
//
// A strike resolves when the fault is over. What a caller may hear beside results is in `codes`.

import { DatabaseSync } from "node:sqlite";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { conversationOwner } from "../../src/state/store.ts";
import { Keyspace } from "../../src/stores/redis/keys.ts";
import { own, type PostgresServer } from "../servers/postgres.ts";
import { until, type RedisServer } from "../servers/redis.ts";
import type { RelayMode } from "../servers/tcp-relay.ts";
import type { Bench } from "./matrix-bench.ts";
import type { StoreName } from "./places.ts";

type Strike = (bench: Bench) => Promise<void>;
const HOUR_MS = 3_600_000;
const SLOW_MS = 2_000;
const AWAY = ["result", "state_unavailable"];

export interface Fault {
  readonly name: string;
  /** What callers may hear. */
  readonly codes: readonly string[];
  /** How it strikes each store, or the reason why it cannot. */
  readonly on: Readonly<Record<StoreName, Strike | string>>;
}

const NO_SERVER = "a file has no server; full disks, failing syncs and a worker that dies are in store-faults.test.ts";
const NO_CONNECTION = "a file has no connection; death at every step of a commit is in kill-in-commit.test.ts";
const ONE_NODE = "there is one server";
const SAME_SCRIPTS = "every node runs the scripts that one server runs";
const KEEPS_ALL = "only Redis throws away what it acknowledged";

/** The server is gone until a caller was told so. */
const down: Strike = async (bench) => {
  const server = bench.way.server!;
  await server.stop("SIGKILL");
  await bench.heard("state_unavailable");
  await server.restart();
};

const killed: Strike = async ({ way: { server } }) => server!.restart();

/** Strikes several requests, one after another, whatever they are. */
const relayed = (mode: RelayMode): Strike => async ({ way: { relay } }) => {
  for (let times = 0; times < 4; times++) {
    relay!.mode = mode;
    await until(async () => relay!.mode === "pass");
  }
};

const blackHole: Strike = async (bench) => {
  const relay = bench.way.relay!;
  relay.mode = "black hole";
  await bench.heard("state_unavailable");
  relay.mode = "pass";
};

const slow: Strike = async (bench) => {
  const relay = bench.way.relay!;
  relay.delayMs = SLOW_MS;
  await bench.answers(4);
  relay.delayMs = 0;
};

/** Somebody else's transaction holds the file. */
const locked: Strike = async ({ rig }) => {
  const database = new DatabaseSync(rig.path, { timeout: 20_000 });
  database.exec("BEGIN IMMEDIATE");
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  database.exec("ROLLBACK");
  database.close();
};

const twoOwners: Strike = async (bench) => {
  const victim = bench.pick(await bench.owners());
  await victim.kill("SIGSTOP");
  await bench.isTakenFrom(victim);
  await victim.kill("SIGCONT");
};

/** For a while everything is served by a process whose clock is wrong. */
const clock: Strike = async (bench) => {
  const wrong = await bench.serve({ clockOffsetMs: bench.pick([-HOUR_MS, HOUR_MS]) });
  for (const old of bench.pair) await old.kill("SIGTERM");
  await Promise.all(bench.pair.map(({ exited }) => exited));
  await bench.answers(8);
  bench.pair = await Promise.all([bench.serve(), bench.serve()]);
  await wrong.kill("SIGTERM");
  await wrong.exited;
};

const fullMemory: Strike = async (bench) => {
  const server = bench.way.server as RedisServer;
  await server.command("CONFIG", "SET", "maxmemory", "1");
  await bench.heard("state_unavailable");
  await server.command("CONFIG", "SET", "maxmemory", "0");
};

/** Runs statements on a connection of its own and gives the rows of the last. */
async function sql(bench: Bench, ...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: (bench.way.server as PostgresServer).url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
    return rows;
  } finally {
    await client.end();
  }
}

/** Whether this machine lets us have a small disk. */
function canMount(): boolean {
  const disk = mkdtempSync(join(tmpdir(), "faults-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", disk], { stdio: "ignore" });
    execFileSync("umount", [disk]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(disk, { recursive: true });
  }
}

/** The tables move to a disk of a few megabytes that somebody else fills. */
const fullDisk: Strike = async (bench) => {
  const disk = mkdtempSync(join(tmpdir(), "faults-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "none", disk]);
  own(disk);
  const tables = `SELECT format('ALTER TABLE %I.%I SET TABLESPACE tiny', schemaname, tablename) AS move FROM pg_tables WHERE schemaname LIKE 'faults%'`;
  try {
    await sql(bench, `CREATE TABLESPACE tiny LOCATION '${disk}'`, "CREATE TABLE filler (t text) TABLESPACE tiny");
    await sql(bench, `DO $$ DECLARE one record; BEGIN FOR one IN ${tables} LOOP EXECUTE one.move; END LOOP; END $$`);
    for (const chunk of [200_000, 20_000, 2_000]) {
      const fill = `INSERT INTO filler SELECT string_agg(md5(random()::text), '') FROM generate_series(1, ${chunk / 32})`;
      await sql(bench, ...Array<string>(100).fill(fill)).catch(() => {});
    }
    // What is full for one is not for the next: small changes may fit where a page has room.
    let kind: string;
    do kind = (await bench.rig.call(bench.pick(bench.conversations), "fill", { bytes: 40_000 })).kind;
    while (kind === "result");
  } finally {
    await sql(bench, "DROP TABLE filler");
    await sql(bench, `DO $$ DECLARE one record; BEGIN FOR one IN ${tables.replace("TABLESPACE tiny", "TABLESPACE pg_default")} LOOP EXECUTE one.move; END LOOP; END $$`, "DROP TABLESPACE tiny");
    execFileSync("umount", [disk]);
    rmSync(disk, { recursive: true });
  }
};

/** Somebody else's transactions hold every row for a moment: whoever waited for one has to begin again. */
const serializable: Strike = async (bench) => {
  const reconnect = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'conversimple'";
  const schema = /schema=([^&]+)/.exec(bench.rig.place.direct)![1]!;
  const rollbacks = "SELECT xact_rollback FROM pg_stat_database WHERE datname = 'postgres'";
  await sql(bench, "ALTER ROLE postgres SET default_transaction_isolation = 'serializable'", reconnect);
  const [before] = await sql(bench, rollbacks);
  await until(async () => {
    await sql(bench, "BEGIN ISOLATION LEVEL READ COMMITTED", `UPDATE ${schema}.owners SET version = version`, "SELECT pg_sleep(0.05)", "COMMIT").catch(() => {});
    const [now] = await sql(bench, rollbacks);
    return Number(now!.xact_rollback) - Number(before!.xact_rollback) > 10;
  });
  await sql(bench, "ALTER ROLE postgres RESET default_transaction_isolation", reconnect);
};

/** A hash in mid-call: of one who counts, then of one who is logged in. */
const evicted: Strike = async (bench) => {
  const server = bench.way.server as RedisServer;
  const prefix = /prefix=([^&]+)/.exec(bench.rig.place.direct)![1]!;
  for (const id of [bench.pick(bench.conversations), "m0"]) {
    const owner = conversationOwner(id);
    const before = bench.rig.losses(owner);
    await server.command("DEL", `${prefix}{0}:o:${owner}`);
    // Whoever calls next hears that it is lost; the one after that finds nobody logged in.
    await until(async () => {
      await bench.rig.ask(id, "read", {});
      return bench.rig.losses(owner) > before;
    });
  }
  const after = await bench.rig.visit("m0", "kim");
  if (after.kind === "result" && !after.json.includes("not_authenticated")) throw new Error(`Somebody was let in after the state was lost: ${after.json}`);
};

/** Somebody asks to be forgotten while a tool of theirs runs. */
const erased: Strike = async ({ rig, random }) => {
  const id = `gone-${Math.floor(random() * 1e9)}`;
  await rig.platform.createConversation({ agentId: "member", conversationId: id });
  await until(async () => (await rig.ask(id, "login", { account: id, pin: "1234" })).kind === "result");
  await rig.ask(id, "visit", {});
  rig.world.close(id);
  const late = rig.ask(id, "add_slowly", { n: 1, gate: id });
  await rig.world.arrived(id);
  const access = await rig.access();
  await access.forget(id);
  rig.world.open(id);
  if ((await late).kind === "result") throw new Error("A write after the erasure was acknowledged.");
  await access.forget(id);
  const kept = await rig.place.read(conversationOwner(id));
  if (kept?.record) throw new Error("Something came back after the erasure.");
  if ((await access.export(id)).record?.parts) throw new Error("The customer came back after the erasure.");
};

/** The conversation that a fault of a cluster is about, its slot, and the node that has it. */
async function victimIn(bench: Bench) {
  const id = bench.pick(bench.conversations);
  const { slot } = new Keyspace("", true).shardOf(conversationOwner(id));
  return { id, slot, node: await bench.way.cluster!.masterOf(slot) };
}

const nodeKilled: Strike = async (bench) => (await victimIn(bench)).node.restart();

/** One node takes connections and says nothing. */
const nodeHangs: Strike = async (bench) => {
  const { id, node } = await victimIn(bench);
  node.kill("SIGSTOP");
  try {
    await bench.hears(id, "state_unavailable");
  } finally {
    node.kill("SIGCONT");
  }
};

/** Before a node heard, after it committed: chance says. */
const nodesCut: Strike = async (bench) => {
  for (let times = 0; times < 4; times++) {
    for (const node of bench.way.cluster!.masters) await node.command("CLIENT", "KILL", "TYPE", "normal");
    await bench.answers(2);
  }
};

const slotMoves: Strike = async (bench) => {
  const { slot, node } = await victimIn(bench);
  await bench.way.cluster!.move(slot, bench.pick(bench.way.cluster!.masters.filter((other) => other !== node)), () => bench.answers(2));
};

const handedOver: Strike = async (bench) => {
  const { slot } = await victimIn(bench);
  for (let times = 0; times < 2; times++) {
    await bench.way.cluster!.handOver(slot);
    await bench.answers(4);
  }
};

export const FAULTS: readonly Fault[] = [
  { name: "the store is down", codes: AWAY, on: { sqlite: NO_SERVER, redis: down, "redis-cluster": "a node that is away until callers are told so is the black hole", postgres: down } },
  { name: "kill -9 of the store, and its restart", codes: AWAY, on: { sqlite: NO_SERVER, redis: killed, "redis-cluster": nodeKilled, postgres: killed } },
  { name: "the store is slow by 2 s", codes: AWAY, on: { sqlite: locked, redis: slow, "redis-cluster": "a node that hangs is the black hole", postgres: slow } },
  { name: "connections are cut before the store hears", codes: AWAY, on: { sqlite: NO_CONNECTION, redis: relayed("cut before"), "redis-cluster": nodesCut, postgres: relayed("cut before") } },
  { name: "connections are cut after the store committed", codes: AWAY, on: { sqlite: NO_CONNECTION, redis: relayed("cut after"), "redis-cluster": "among those that are cut before", postgres: relayed("cut after") } },
  { name: "connections are half closed", codes: AWAY, on: { sqlite: NO_CONNECTION, redis: relayed("half close"), "redis-cluster": "nodes are reached by their own addresses, not through a relay", postgres: relayed("half close") } },
  { name: "a black hole", codes: AWAY, on: { sqlite: NO_CONNECTION, redis: blackHole, "redis-cluster": nodeHangs, postgres: blackHole } },
  { name: "a slot that moves to another node", codes: AWAY, on: { sqlite: NO_SERVER, redis: ONE_NODE, "redis-cluster": slotMoves, postgres: ONE_NODE } },
  { name: "a replica that takes over as planned", codes: AWAY, on: { sqlite: NO_SERVER, redis: "redis-failover.test.ts has a failover that loses something", "redis-cluster": handedOver, postgres: ONE_NODE } },
  { name: "two owners", codes: AWAY, on: { sqlite: twoOwners, redis: twoOwners, "redis-cluster": SAME_SCRIPTS, postgres: twoOwners } },
  { name: "a clock that is wrong by an hour", codes: AWAY, on: { sqlite: clock, redis: clock, "redis-cluster": SAME_SCRIPTS, postgres: clock } },
  { name: "no space", codes: AWAY, on: { sqlite: NO_SERVER, redis: fullMemory, "redis-cluster": SAME_SCRIPTS, postgres: canMount() ? fullDisk : "a disk of a few megabytes needs a mount, which is not allowed here" } },
  { name: "DEL in mid-call", codes: [...AWAY, "state_lost"], on: { sqlite: KEEPS_ALL, redis: evicted, "redis-cluster": SAME_SCRIPTS, postgres: KEEPS_ALL } },
  { name: "an erasure in mid-call", codes: AWAY, on: { sqlite: erased, redis: erased, "redis-cluster": erased, postgres: erased } },
  { name: "serialization failures", codes: AWAY, on: { sqlite: "one writer at a time", redis: "a script is never interrupted", "redis-cluster": "a script is never interrupted", postgres: serializable } },
];

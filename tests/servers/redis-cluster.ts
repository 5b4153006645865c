// A Redis Cluster for tests: three masters, with replicas if wanted.
//
//   RC1. A replica takes over when a test says so, never because the machine is busy; `automatic` lets it.

import { freePort } from "./server-process.ts";
import { startRedis, until, type RedisServer } from "./redis.ts";

const SLOTS = 16_384;
const MASTERS = 3;
const NODE_TIMEOUT_MS = 2_000;

export interface RedisCluster {
  readonly url: string;
  /** As they were when it was started; each has a third of the slots. */
  readonly masters: readonly RedisServer[];
  /** The replica of each master, when there are any. */
  readonly replicas: readonly RedisServer[];
  /** Who has a slot now, as those see it that answer. */
  masterOf(slot: number): Promise<RedisServer>;
  /** Moves a slot with its keys. @param between called when half of the way is done. */
  move(slot: number, to: RedisServer, between?: () => Promise<unknown>): Promise<void>;
  /** Makes the replica of a slot its master without losing anything, as for an upgrade; resolves when all know it. */
  handOver(slot: number): Promise<void>;
  remove(): Promise<void>;
}

/** One line of `CLUSTER NODES`. */
interface Known {
  readonly id: string;
  readonly port: number;
  readonly bus: string;
  readonly isSelf: boolean;
  readonly isMaster: boolean;
  readonly masterId: string;
  readonly has: (slot: number) => boolean;
}

/** @param more arguments of every node. */
export async function startCluster({ withReplicas = false }: { readonly withReplicas?: boolean } = {}, ...more: readonly string[]): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: withReplicas ? 2 * MASTERS : MASTERS }, () => startNode(more)));
  const masters = nodes.slice(0, MASTERS);
  const replicas = nodes.slice(MASTERS);
  for (const [n, master] of masters.entries()) {
    const from = Math.floor((n * SLOTS) / MASTERS);
    const to = Math.floor(((n + 1) * SLOTS) / MASTERS) - 1;
    await master.command("CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
    await master.command("CLUSTER", "SET-CONFIG-EPOCH", String(n + 1));
  }
  for (const other of nodes.slice(1)) await masters[0]!.command("CLUSTER", "MEET", "127.0.0.1", String(other.port), (await selfOf(other)).bus);
  for (const node of nodes) await until(async () => (await knownBy(node)).length === nodes.length);
  for (const [n, replica] of replicas.entries()) await replica.command("CLUSTER", "REPLICATE", (await selfOf(masters[n]!)).id);
  for (const replica of replicas) await until(async () => /master_link_status:up/.test(await replica.command("INFO", "replication")));
  for (const node of nodes) await until(async () => /cluster_state:ok/.test(await node.command("CLUSTER", "INFO")) && (await knownBy(node)).filter(({ isMaster }) => isMaster).length === MASTERS);
  return {
    url: `redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
    masters,
    replicas,
    masterOf: (slot) => masterOf(nodes, slot),
    move: (slot, to, between) => move(nodes, slot, to, between),
    handOver: (slot) => handOver(nodes, slot),
    remove: async () => void (await Promise.all(nodes.map((node) => node.remove()))),
  };
}

/** Lets a replica take over by itself when its master is gone (RC1). */
export async function automatic(replica: RedisServer): Promise<void> {
  await replica.command("CONFIG", "SET", "cluster-replica-no-failover", "no");
}

async function startNode(more: readonly string[]): Promise<RedisServer> {
  const cluster = ["--cluster-enabled", "yes", "--cluster-port", String(await freePort()), "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", String(NODE_TIMEOUT_MS), "--cluster-replica-no-failover", "yes"];
  return startRedis(...cluster, "--repl-diskless-sync-delay", "0", ...more);
}

async function knownBy(server: RedisServer): Promise<Known[]> {
  const lines = (await server.command("CLUSTER", "NODES")).split("\n").map((line) => line.trim()).filter((line) => /^[0-9a-f]{40} /.test(line));
  return lines.map((line): Known => {
    const [id = "", address = "", flags = "", masterId = "", , , , , ...ranges] = line.split(" ");
    const [, port, bus = ""] = /:(\d+)@(\d+)/.exec(address)!;
    const spans = ranges.filter((range) => !range.startsWith("[")).map((range) => range.split("-").map(Number));
    const has = (slot: number) => spans.some(([from = -1, to = from]) => from <= slot && slot <= to);
    return { id, port: Number(port), bus, isSelf: flags.includes("myself"), isMaster: flags.includes("master"), masterId, has };
  });
}

async function selfOf(server: RedisServer): Promise<Known> {
  return (await knownBy(server)).find(({ isSelf }) => isSelf)!;
}

/** A master's own word counts: the others may not know yet. */
async function masterOf(nodes: readonly RedisServer[], slot: number): Promise<RedisServer> {
  const all = await Promise.all(nodes.map(async (node) => ({ node, self: await selfOf(node).catch(() => undefined) })));
  const found = all.find(({ self }) => self?.isMaster && self.has(slot));
  if (!found) throw new Error(`No node says that it has slot ${slot}.`);
  return found.node;
}

async function move(nodes: readonly RedisServer[], slot: number, to: RedisServer, between: () => Promise<unknown> = async () => {}): Promise<void> {
  const from = await masterOf(nodes, slot);
  const [fromId, toId] = [(await selfOf(from)).id, (await selfOf(to)).id];
  await to.command("CLUSTER", "SETSLOT", String(slot), "IMPORTING", fromId);
  await from.command("CLUSTER", "SETSLOT", String(slot), "MIGRATING", toId);
  let isHalf = false;
  for (;;) {
    const count = Number((await from.command("CLUSTER", "COUNTKEYSINSLOT", String(slot))).slice(1));
    const keys = (await from.command("CLUSTER", "GETKEYSINSLOT", String(slot), String(isHalf ? 10 : Math.ceil(count / 2)))).split("\r\n").filter((line) => /^[^*$]/.test(line));
    if (keys.length > 0) await from.command("MIGRATE", "127.0.0.1", String(to.port), "", "0", "5000", "KEYS", ...keys);
    if (!isHalf) await between();
    else if (keys.length === 0) break;
    isHalf = true;
  }
  // The new one first: whoever is sent there finds it ready.
  const masters = (await Promise.all(nodes.map(async (node) => ({ node, self: await selfOf(node) })))).filter(({ self }) => self.isMaster).map(({ node }) => node);
  for (const master of [to, ...masters.filter((other) => other !== to)]) await master.command("CLUSTER", "SETSLOT", String(slot), "NODE", toId);
}

/**
 * What `CLUSTER FAILOVER` does, by hand and without an election: Redis counts the votes of a node's last election for eight
 * seconds, in which it could not be elected again.
 */
async function handOver(nodes: readonly RedisServer[], slot: number): Promise<void> {
  const before = await masterOf(nodes, slot);
  const { id } = await selfOf(before);
  let heir: Known | undefined;
  await until(async () => (heir = (await knownBy(before)).find(({ masterId }) => masterId === id)) !== undefined);
  const replica = nodes.find(({ port }) => port === heir!.port)!;
  const offset = async (server: RedisServer, name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(await server.command("INFO", "replication"))?.[1] ?? -1);
  await before.command("CLIENT", "PAUSE", "60000", "WRITE");
  const reached = await offset(before, "master_repl_offset");
  await until(async () => (await offset(replica, "slave_repl_offset")) >= reached);
  await replica.command("CLUSTER", "FAILOVER", "TAKEOVER");
  for (const node of nodes) await until(async () => (await knownBy(node)).find((known) => known.id === heir!.id)!.has(slot));
  await before.command("CLIENT", "UNPAUSE");
}

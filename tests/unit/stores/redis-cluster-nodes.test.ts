// Who has a slot, by what the nodes of a cluster say, and the one connection to each of them.

import { expect, test } from "vitest";
import type { Connection } from "../../../src/stores/redis/connection.ts";
import { Cluster, type Dial } from "../../../src/stores/redis/cluster.ts";

/** A node: what it answers to CLUSTER SLOTS, and to CLUSTER NODES (config epochs by id). `undefined` when it is not there. */
interface Said {
  readonly slots: readonly unknown[];
  readonly epochs: Readonly<Record<string, number>>;
}

/** A cluster on paper: nodes by port, and what was done to the connections that carry calls. */
function paper(nodes: Record<number, Said | "silent" | undefined>) {
  const log: string[] = [];
  const lost = new Map<number, () => void>();
  const dial: Dial = async ({ port }, onLost) => {
    const node = nodes[port];
    if (node === undefined) throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    lost.set(port, onLost);
    return {
      evalSha: async () => port,
      eval: async () => port,
      send: ([, what]) => (node === "silent" ? new Promise(() => {}) : Promise.resolve(what === "SLOTS" ? node.slots : linesOf(node.epochs))),
      close: async () => void log.push(`close ${port}`),
      destroy: () => void log.push(`destroy ${port}`),
    };
  };
  const cluster = new Cluster({ dial, endpoints: [{ host: "h", port: 1 }, { host: "h", port: 2 }], timeoutMs: 200 });
  const connect = (slot: number, onLost = () => {}) => cluster.connectTo(slot)(onLost);
  return { connect, lost, log };
}

const linesOf = (epochs: Said["epochs"]) => Object.entries(epochs).map(([id, epoch]) => `${id} 127.0.0.1:1@2 master - 0 0 ${epoch} connected 0-1`).join("\n");
const portOf = (connection: Connection) => connection.evalSha("", [], []);

test("of several answers the newest counts: a master that was cut off still believes that it is one", async () => {
  const stale: Said = { slots: [[0, 9, ["h", 1, "a"], ["h", 2, "b"]]], epochs: { a: 3, b: 0 } };
  const fresh: Said = { slots: [[0, 9, ["h", 2, "b"]]], epochs: { a: 3, b: 4 } };
  for (const nodes of [{ 1: stale, 2: fresh }, { 1: fresh, 2: stale }]) expect(await portOf(await paper(nodes).connect(5))).toBe(2);
});

test("a node that is gone, or says nothing, is not needed to find the others", async () => {
  const well: Said = { slots: [[0, 9, ["h", 2, "b"]]], epochs: { b: 1 } };
  for (const other of ["silent", undefined] as const) expect(await portOf(await paper({ 1: other, 2: well }).connect(5))).toBe(2);
});

test("when nobody answers, what the first of them threw is said", async () => {
  await expect(paper({}).connect(5)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a slot that nobody has is a cluster that is down", async () => {
  const well: Said = { slots: [[0, 9, ["h", 2, "b"]]], epochs: { b: 1 } };
  await expect(paper({ 1: well, 2: well }).connect(10)).rejects.toThrow(/^CLUSTERDOWN/);
});

test.each([["", 1], [null, 1], ["h", 1]])("a node that calls itself %j is where it was asked", async (host, port) => {
  const self: Said = { slots: [[0, 9, [host, port, "a"]]], epochs: { a: 1 } };
  expect(await portOf(await paper({ 1: self }).connect(0))).toBe(port);
});

test("a node whose name nobody knows is not guessed at", async () => {
  const unnamed: Said = { slots: [[0, 9, ["?", 1, "a"]]], epochs: { a: 1 } };
  await expect(paper({ 1: unnamed }).connect(0)).rejects.toThrow(/^CLUSTERDOWN/);
});

test("slots of one node share its connection: who leaves it leaves it to the others, who drops it drops it for all", async () => {
  const said: Said = { slots: [[0, 9, ["h", 1, "a"]], [10, 19, ["h", 2, "b"]]], epochs: { a: 1, b: 2 } };
  const { connect, log } = paper({ 1: said, 2: said });
  const told: string[] = [];
  const [first, second, other] = await Promise.all([connect(0, () => told.push("first")), connect(1, () => told.push("second")), connect(10, () => told.push("other"))]);
  log.length = 0;
  await first.close();
  expect([log, told]).toEqual([[], []]);
  const third = await connect(2, () => told.push("third"));
  log.length = 0;
  second.destroy();
  await Promise.resolve();
  expect([log, told]).toEqual([["destroy 1"], ["second", "third"]]);
  // It has ended: nothing is done to the one that is made next.
  await connect(3);
  log.length = 0;
  third.destroy();
  await third.close();
  await Promise.resolve();
  expect(log).not.toContain("close 1");
  await other.close();
  expect(log).toContain("close 2");
  expect(told).not.toContain("other");
});

test("a connection that ends by itself is told to all who use it, once", async () => {
  const said: Said = { slots: [[0, 9, ["h", 1, "a"]]], epochs: { a: 1 } };
  const { connect, lost } = paper({ 1: said });
  const told: string[] = [];
  await Promise.all([connect(0, () => told.push("first")), connect(1, () => told.push("second"))]);
  const end = lost.get(1)!;
  end();
  end();
  expect(told).toEqual(["first", "second"]);
});

// Redis hands over to a replica that never heard of what was acknowledged: what is lost is lost, and whoever had it is told.
// The checker decides: a change that is gone without a report is a violation.

import { afterAll, beforeAll, describe, test } from "vitest";
import { conversationOwner, type Owner } from "../../src/state/store.ts";
import { Keyspace } from "../../src/stores/redis/keys.ts";
import { canStart } from "../servers/desk.ts";
import { programsOf } from "../servers/programs.ts";
import { automatic, startCluster } from "../servers/redis-cluster.ts";
import { cutReplicas, startSentinel, until, type RedisServer } from "../servers/redis.ts";
import { onServer } from "./places.ts";
import { kindOf, Rig } from "./rig.ts";

/** A server that will be killed, and the one that takes over by itself. */
interface Pair {
  readonly url: string;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** Whether the one that dies has this owner. */
  has(owner: Owner): boolean;
  /** Resolves when the replica has taken over. */
  failover(): Promise<void>;
  remove(): Promise<void>;
}

async function sentinelPair(): Promise<Pair> {
  const set = await startSentinel("--appendonly", "yes");
  return { ...set, has: () => true };
}

/** The first of three masters; the others stay. */
async function clusterPair(): Promise<Pair> {
  const set = await startCluster({ withReplicas: true }, "--appendonly", "yes", "--cluster-require-full-coverage", "no");
  const [primary, replica] = [set.masters[0]!, set.replicas[0]!];
  const slotOf = (owner: Owner) => new Keyspace("", true).shardOf(owner).slot;
  return {
    url: set.url, primary, replica, remove: set.remove,
    has: (owner) => slotOf(owner) < 5_461,
    async failover() {
      await automatic(replica);
      await until(async () => (await set.masterOf(0)) === replica);
    },
  };
}

const isHere = await canStart(() => programsOf("redis"), "redis");

// They wait side by side, for their Sentinel and their cluster to notice.
describe.runIf(isHere).concurrent.each([["through Sentinel", sentinelPair], ["of a cluster's master", clusterPair]] as const)("redis, a failover %s", (_name, start) => {
  let pair: Pair;
  let rig: Rig;
  beforeAll(async () => {
    pair = await start();
    rig = await Rig.start({ silenceMs: 3_000 }, () => onServer(pair.url));
    // They live through the failover: they know what was acknowledged.
    const options = { leaseMs: 60_000, storeTimeoutMs: 15_000, resolveTimeoutMs: 15_000, times: { heartbeatMs: 500 } };
    await Promise.all([rig.serve(options), rig.serve(options)]);
  }, 60_000);
  afterAll(async () => {
    await rig?.stop();
    await pair?.remove();
  });

  const offset = async (server: "primary" | "replica", name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(await pair[server].command("INFO", "replication"))![1]);
  const add = (id: string) => rig.call(id, "add", { n: 1 });
  /** A customer whom the dying one has. */
  async function customerOfIt(): Promise<string> {
    const access = await rig.access();
    for (let n = 0; ; n++) if (pair.has((await access.export(`kim-${n}`)).customer as Owner)) return `kim-${n}`;
  }

  test("every change that the new one does not have is reported, to its caller or in the log, and nothing else is lost", { timeout: 90_000 }, async ({ expect }) => {
    const [asked = "", written = "", ...kept] = Array.from({ length: 100 }, (_, n) => `c${n}`).filter((id) => pair.has(conversationOwner(id))).slice(0, 4);
    for (const id of [asked, written, ...kept]) await rig.open(id);
    await rig.open("m0", "member");
    const customer = await customerOfIt();
    const visit = () => rig.visit("m0", customer);
    await rig.ask("m0", "login", { account: customer, pin: "1234" });
    await Promise.all([...[asked, written, ...kept].map(add), visit()]);
    const reached = await offset("primary", "master_repl_offset");
    await until(async () => (await offset("replica", "slave_repl_offset")) >= reached);
    await cutReplicas(pair.primary);
    const lost = await Promise.all([add(asked), add(written), visit()]);
    expect(lost.map(kindOf)).toEqual(["result", "result", "result"]);
    pair.primary.kill("SIGKILL");
    await pair.failover();

    const reported = () => rig.history.filter((event) => event.kind === "lost").map(({ conversation }) => conversation);
    // One is asked again and hears of it. Those who lost nothing hear nothing.
    await expect.poll(async () => kindOf(await add(asked)), { timeout: 30_000 }).toBe("state_lost");
    for (const id of kept) await expect.poll(async () => kindOf(await add(id)), { timeout: 30_000 }).toBe("result");
    expect(reported()).toEqual([asked]);
    await expect.poll(async () => kindOf(await add(written)), { timeout: 30_000 }).toBe("result");
    expect(reported()).toEqual([asked, written]);
    await visit();
    expect(await rig.judge()).toEqual([]);
    expect(reported()).toContain(`customer:${customer}`);
  });
});

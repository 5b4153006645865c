// Redis hands over to a replica that never heard of what was acknowledged: what is lost is lost, and whoever had it is told.
// The checker decides: a change that is gone without a report is a violation.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canStart } from "../servers/desk.ts";
import { startSentinel, until, type RedisSentinel } from "../servers/redis.ts";
import { onServer } from "./places.ts";
import { kindOf, Rig } from "./rig.ts";

let set: RedisSentinel;
const isHere = await canStart(async () => void (set = await startSentinel("--appendonly", "yes")), "redis");
const CONVERSATIONS = ["c0", "c1", "c2", "c3"];

describe.runIf(isHere)("redis, a failover through Sentinel", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start({ silenceMs: 3_000 }, () => onServer(set.url));
    // They live through the failover: they know what was acknowledged.
    const options = { leaseMs: 60_000, storeTimeoutMs: 15_000, resolveTimeoutMs: 15_000, times: { heartbeatMs: 500 } };
    await Promise.all([rig.serve(options), rig.serve(options)]);
  }, 60_000);
  afterAll(async () => {
    await rig?.stop();
    await set?.remove();
  });

  const offset = async (server: "primary" | "replica", name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(await set[server].command("INFO", "replication"))![1]);
  const add = (id: string) => rig.call(id, "add", { n: 1 });
  const visit = () => rig.visit("m0", "kim");

  test("every change that the new primary does not have is reported, to its caller or in the log, and nothing else is lost", { timeout: 90_000 }, async () => {
    for (const id of CONVERSATIONS) await rig.open(id);
    await rig.open("m0", "member");
    await rig.ask("m0", "login", { account: "kim", pin: "1234" });
    await Promise.all([...CONVERSATIONS.map(add), visit()]);
    const reached = await offset("primary", "master_repl_offset");
    await until(async () => (await offset("replica", "slave_repl_offset")) >= reached);
    // From here on the replica hears nothing: what is acknowledged now dies with the primary.
    await set.primary.command("ACL", "SETUSER", "default", "-psync");
    await set.primary.command("CLIENT", "KILL", "TYPE", "REPLICA");
    const doomed = await Promise.all([add("c0"), add("c1"), visit()]);
    expect(doomed.map(kindOf)).toEqual(["result", "result", "result"]);
    set.primary.kill("SIGKILL");
    await set.failover();

    // c0 is asked again and hears of it. c2 and c3 lost nothing and hear nothing.
    await expect.poll(async () => kindOf(await add("c0")), { timeout: 30_000 }).toBe("state_lost");
    for (const id of ["c2", "c3"]) await expect.poll(async () => kindOf(await add(id)), { timeout: 30_000 }).toBe("result");
    for (const id of ["c2", "c3"]) expect(rig.history.filter((event) => event.kind === "lost" && event.conversation === id)).toEqual([]);
    await expect.poll(async () => kindOf(await add("c1")), { timeout: 30_000 }).toBe("result");
    expect(rig.history.filter((event) => event.kind === "lost").map(({ conversation }) => conversation)).toEqual(["c0", "c1"]);
    await visit();
    expect(await rig.judge()).toEqual([]);
    expect(rig.history.filter((event) => event.kind === "lost").map(({ conversation }) => conversation)).toContain("customer:kim");
  });
});

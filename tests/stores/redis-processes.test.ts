import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { ConversimpleError } from "../../src/base/errors.ts";
import type { LogFields } from "../../src/base/log.ts";
import { silentLogger } from "../../src/base/log.ts";
import type { Change, Owner, Store } from "../../src/state/store.ts";
import { openRedis } from "../../src/stores/redis/opening.ts";
import { canStart, sharedServer } from "../servers/desk.ts";
import { cutReplicas, startRedis, startSentinel, until } from "../servers/redis.ts";

const single = await sharedServer("redis");
const cluster = await sharedServer("redis-cluster");
const ends: (() => Promise<void>)[] = [];
afterAll(async () => void (await Promise.all(ends.map((end) => end()))));
const isHere = await canStart(async () => ends.push((await startRedis()).remove), "redis");

const ADDER = fileURLToPath(new URL("process/adder.ts", import.meta.url));
const ME = { id: "me", pid: 1, host: "a machine", startedAtMs: 0 };
const change = (expectedVersion: number, more: Partial<Change> = {}): Change => ({ writeId: randomUUID(), expectedVersion, epoch: 0, ...more });

/** Commits, again with the same write id while it is not known whether it happened. */
async function settled(store: Store, owner: Owner, next: Change): Promise<void> {
  for (;;) {
    try {
      await store.commit(owner, next);
      return;
    } catch (thrown) {
      if ((thrown as ConversimpleError).code !== "state_unavailable") throw thrown;
    }
  }
}

for (const [name, address] of [["one server", single], ["a cluster", cluster]] as const) {
  describe.runIf(address)(`processes on ${name}`, () => {
    test("of three that add to one number at the same time none loses an update", { timeout: 60_000 }, async () => {
      const place = `${address!}?prefix=adders-${randomUUID()}:`;
      const adders = [1, 2, 3].map(() => spawn(process.execPath, [ADDER, place, "60"], { stdio: ["ignore", "inherit", "inherit"] }));
      expect(await Promise.all(adders.map(async (adder) => (await once(adder, "exit"))[0] as number))).toEqual([0, 0, 0]);
      const store = await openRedis(place);
      const loaded = await store.load("customer:shared");
      expect([loaded?.record, loaded?.version]).toEqual(["180", 180]);
      expect(new Set((await store.history("customer:shared")).map((entry) => entry.text)).size).toBe(180);
      await store.close();
    });
  });
}

describe.runIf(isHere)("redis that changes hands", () => {
  test("a failover through Sentinel is waited for; what it lost is reported, and the call ends as lost", async () => {
    const set = await startSentinel("--appendonly", "yes");
    ends.push(set.remove);
    const lines: LogFields[] = [];
    const store = await openRedis(set.url, { timeoutMs: 20_000, logger: { ...silentLogger, error: (fields) => void lines.push(fields) } });
    await store.acquire("conversation:lost", ME);
    await store.commit("conversation:lost", change(0, { epoch: 1, record: "one" }));
    await store.commit("customer:kept", change(0, { record: "one" }));
    const offset = async () => Number(/master_repl_offset:(\d+)/.exec(await set.primary.command("INFO", "replication"))![1]);
    const replicated = async () => Number(/slave_repl_offset:(\d+)/.exec(await set.replica.command("INFO", "replication"))![1]);
    const reached = await offset();
    await until(async () => (await replicated()) >= reached);
    await cutReplicas(set.primary);
    await store.commit("conversation:lost", change(1, { epoch: 1, record: "two" }));
    set.primary.kill("SIGKILL");

    await settled(store, "customer:kept", change(1, { record: "two" }));
    expect((await store.load("customer:kept"))?.version).toBe(2);
    const refused: unknown = await store.commit("conversation:lost", change(2, { epoch: 1, record: "three" })).then(() => undefined, (thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: "state_lost", fields: { acknowledged: 2, found: 1 } });
    expect(lines).toEqual([expect.objectContaining({ owner: "conversation:lost", acknowledged: 2, found: 1 })]);
    expect((await store.load("conversation:lost"))?.record).toBe("one");
    await store.close();
  }, 60_000);
});

// A Redis that throws away a call's state while somebody is logged in: the caller hears so, and nobody is let in.

import { afterAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { codeOf } from "../../src/base/errors.ts";
import { openRedis } from "../../src/stores/redis/opening.ts";
import { canStart } from "../servers/desk.ts";
import { startRedis, until, type RedisServer } from "../servers/redis.ts";
import { HostBench } from "../unit/host/bench.ts";
import { ShopAgent } from "../unit/parts/shop.ts";
import { onServer } from "./places.ts";
import { kindOf, Rig } from "./rig.ts";

let server: RedisServer;
const isHere = await canStart(async () => {
  server = await startRedis("--appendonly", "yes");
}, "redis");
afterAll(async () => {
  if (isHere) await server.remove();
});

/** Tools that only read commit too: a call that is answered is a call that is recorded. */
const losses: readonly (readonly [how: string, lose: () => Promise<unknown>])[] = [
  ["FLUSHALL", () => server.command("FLUSHALL")],
  ["DEL of the call's hash", () => server.command("DEL", "conversimple:{0}:o:conversation:c1")],
  ["a restart without what was acknowledged", async () => {
    await server.command("CONFIG", "SET", "appendonly", "no");
    await server.restart();
    await server.command("FLUSHALL");
  }],
];

describe.runIf(isHere)("a call whose state Redis lost", () => {
  test.each(losses)("%s: the next tool answers state_lost, and whoever calls again is not logged in", async (_, lose) => {
    await server.command("FLUSHALL");
    const store = await openRedis(server.url);
    const bench = await HostBench.start(new ShopAgent(), { store, clock: systemClock, secret: "a secret of this test" });
    await bench.open();
    expect(await bench.result("login", { account: "kim", pin: "1234" })).toMatchObject({ success: true });
    expect(await bench.result("add", { product: "a" })).toBe(1);

    await lose();
    expect(await bench.result("add", { product: "b" })).toBe("state_lost");
    expect(bench.errors.map(codeOf)).toContain("state_lost");
    expect(bench.lines.join("\n")).toContain("state_lost");
    await until(async () => bench.host.health().conversations === 0);

    await bench.open();
    expect(await bench.result("add", { product: "c" })).toEqual({ error: "not_authenticated", message: "Please log in first." });
    await bench.host.drain(0);
    await store.close();
  });
});

test.runIf(isHere)("a loss that was told to a caller whom the history does not know is in it all the same, where it was told", async () => {
  const rig = await Rig.start({}, () => onServer(server.url));
  try {
    await rig.serve();
    await rig.open("c1");
    for (const _ of [1, 2]) await rig.call("c1", "add", { n: 1 });
    await server.command("DEL", `${/prefix=([^&]+)/.exec(rig.place.direct)![1]!}{0}:o:conversation:c1`);
    expect(kindOf(await rig.ask("c1", "read", {}))).toBe("state_lost");
    await until(async () => kindOf(await rig.ask("c1", "read", {})) === "result");
    expect(kindOf(await rig.call("c1", "add", { n: 1 }))).toBe("result");
    expect(await rig.judge()).toEqual([]);
  } finally {
    await rig.stop();
  }
});

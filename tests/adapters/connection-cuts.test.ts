import { afterEach, expect, test } from "vitest";
import { PlatformLink } from "../../src/adapters/conversimple/platform-link.ts";
import { PlatformAddress } from "../../src/wire/address.ts";
import { wsConnect } from "../../src/wire/ws-socket.ts";
import { MemoryHost } from "./memory-host.ts";
import { ScriptedPlatform } from "./scripted-platform.ts";

const started: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const thing of started.splice(0).reverse()) await thing.stop();
});

async function linkTo(platform: ScriptedPlatform, connections: "per-conversation" | "shared") {
  started.push({ stop: () => platform.close() });
  const host = new MemoryHost();
  const connect = await wsConnect(new PlatformAddress(`ws://127.0.0.1:${platform.port}`, "cs_test_1"), "array");
  const link = new PlatformLink({ host, connect, connections });
  started.push(link);
  void link.start();
  return { host, link };
}

/** How many frames pass for one call when nothing is cut; the cuts go over all of them. */
const FRAMES = { shared: 10, "per-conversation": 16 };

for (const mode of ["shared", "per-conversation"] as const) {
  test(`${mode}: an undisturbed call has its answer once`, async () => {
    const platform = await ScriptedPlatform.listen(Number.POSITIVE_INFINITY);
    const { host } = await linkTo(platform, mode);
    const answers = await platform.call("c1");
    expect(answers).toEqual(['{"call_id":"c1","result":{"conversation":"v1","arguments":{"n":1}}}']);
    expect(host.opens).toHaveLength(1);
    await platform.until(() => platform.passed.at(-1) === ">phx_reply");
    expect(platform.passed.length).toBeGreaterThanOrEqual(FRAMES[mode] - 2);
  });

  for (let cutAt = 0; cutAt < FRAMES[mode]; cutAt++) {
    test(`${mode}: a connection cut after ${cutAt} frames: the answer comes after the rejoin, the tool ran once`, async () => {
      const platform = await ScriptedPlatform.listen(cutAt);
      const { host, link } = await linkTo(platform, mode);
      const answers = await platform.call("c1");
      // A second call shows that the line serves on, whatever was cut.
      await platform.call("c2");
      expect(host.runs).toEqual(["c1", "c2"]);
      expect(new Set(answers).size).toBe(1);
      expect(host.closes).toEqual([]);
      expect(link.conversations).toBe(1);
      if (platform.passed.length > cutAt) expect(platform.hasCut).toBe(true);
    });
  }
}

test("the agent survives a platform that restarts between two calls", async () => {
  const platform = await ScriptedPlatform.listen(Number.POSITIVE_INFINITY);
  const { link } = await linkTo(platform, "shared");
  await platform.call("c1");
  link.stats.wire.joins = 0;
  await platform.close();
  expect(link.state).not.toBe("closed");
});

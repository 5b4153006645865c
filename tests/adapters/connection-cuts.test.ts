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
const FRAMES = { shared: 9, "per-conversation": 13 };

for (const mode of ["shared", "per-conversation"] as const) {
  test(`${mode}: an undisturbed call has its answer once`, async () => {
    const platform = await ScriptedPlatform.listen();
    const { host } = await linkTo(platform, mode);
    const answers = await platform.call("c1");
    expect(answers).toEqual(['{"call_id":"c1","result":{"conversation":"v1","arguments":{"n":1}}}']);
    expect(host.opens).toHaveLength(1);
    await platform.until(() => platform.passed.length >= FRAMES[mode]);
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
      await platform.until(() => platform.hasCut);
    });
  }
}

test("the agent goes on with a platform that was restarted", async () => {
  const platform = await ScriptedPlatform.listen();
  const { host, link } = await linkTo(platform, "per-conversation");
  await platform.call("c1");
  await platform.close();
  const next = await ScriptedPlatform.listen(undefined, platform.port);
  started.push({ stop: () => next.close() });
  await next.call("c2");
  expect(host.runs).toEqual(["c1", "c2"]);
  expect(link.stats.wire.reconnects).toBeGreaterThanOrEqual(1);
});

test("stop says goodbye on every connection", async () => {
  const platform = await ScriptedPlatform.listen();
  const { link } = await linkTo(platform, "per-conversation");
  await platform.call("c1");
  await link.stop();
  const goodbyes = () => platform.passed.filter((what) => what === "<phx_leave").length;
  await platform.until(() => goodbyes() === 2);
  expect(link.state).toBe("closed");
});

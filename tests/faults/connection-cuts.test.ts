import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import type { Disturbance } from "./proxy.ts";
import { Proxy } from "./proxy.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
let proxy: Proxy;
beforeEach(async () => {
  rig = await Rig.start();
  proxy = await Proxy.listen(rig.url);
});
afterEach(async () => {
  await rig.stop();
  await proxy.stop();
});

/** What is swallowed is noticed by heartbeats only. */
const IMPATIENT = { heartbeatMs: 150, joinTimeoutMs: 300, connectTimeoutMs: 300, replyTimeoutMs: 300 };

const cases = (["per-conversation", "shared"] as const).flatMap((connections) =>
  (["cut", "half-close", "black-hole", "delay"] as const).map((how) => ({ connections, how })),
);

test.each(cases)("$connections, $how at every frame boundary of a call: the answer arrives, the state changed once", { timeout: 60_000 }, async ({ connections, how }) => {
  const random = seededRandom(3);
  await rig.serve({ platformUrl: proxy.url, connections, ...(how === "black-hole" && { times: IMPATIENT }) });
  const oneCall = async (id: string, disturbance?: Disturbance) => {
    proxy.plan(disturbance);
    await rig.open(id);
    let calls = 0;
    const isDisturbed = () => disturbance === undefined || proxy.hasStruck;
    do expect(await rig.call(id, "add", { n: 1 }), `unit ${disturbance?.at}`).toMatchObject({ kind: "result", json: JSON.stringify({ conversation: id, count: ++calls, total: calls }) });
    while (!isDisturbed());
    const { count } = proxy;
    // The line serves on, whatever was lost.
    expect((await rig.call(id, "add", { n: 1 })).kind).toBe("result");
    expect(await rig.judge()).toEqual([]);
    expect((await rig.seen(id))?.changes).toHaveLength(calls + 1);
    await rig.platform.endConversation(id);
    return count;
  };
  const units = await oneCall("undisturbed");
  expect(units).toBeGreaterThanOrEqual(connections === "shared" ? 5 : 9);
  for (let at = 0; at < units; at++) await oneCall(`c${at}`, { at, how, delayMs: Math.ceil(random() * 20) });
});

test.each(["per-conversation", "shared"] as const)("%s: a tool that finishes while there is no connection: its answer comes after the rejoin, once", { timeout: 30_000 }, async (connections) => {
  await rig.serve({ platformUrl: proxy.url, connections });
  await rig.open("c1");
  rig.world.close("g");
  const slow = rig.call("c1", "add_slowly", { n: 1, gate: "g" }, "slow");
  await rig.world.arrived("g");
  const lost = new Promise<void>((resolve) => void rig.platform.on((event) => event.type === "conversation_waiting" && resolve()));
  proxy.cutAll();
  await lost;
  rig.world.open("g");
  expect(await slow).toMatchObject({ kind: "result", json: '{"conversation":"c1","count":1,"total":1}' });
  expect((await rig.call("c1", "add", { n: 2 })).kind).toBe("result");
  expect(await rig.judge()).toEqual([]);
  // Sent again or not, the text is the same.
  expect(new Set(proxy.said.filter((text) => text.includes('"tool_call_response"') && text.includes('"slow"')).map((text) => text.slice(text.indexOf('{"call_id"')))).size).toBe(1);
});

// The warning before a part passes its limit: of conversations, and of what they share.                 (P9)

import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, customerState, tool } from "../../../src/index.ts";
import { HostBench, world, type World } from "./bench.ts";

const LIMIT = 5_000;

class Notes extends ConversimpleAgent {
  static override readonly agentId = "notes";
  readonly state = conversationState(z.object({ text: z.string().default(""), name: z.string().default("").meta({ pii: true }) }), { maxBytes: LIMIT });
  readonly customer = customerState(z.object({ text: z.string().default(""), name: z.string().default("").meta({ pii: true }) }), { maxBytes: LIMIT });
  identify = tool("Say who it is", { id: z.string() }, ({ id }) => this.customer.identify(id));
  write = tool("Write", { length: z.number(), name: z.string().meta({ pii: true }) }, ({ length, name }) => void Object.assign(this.state, { text: "x".repeat(length), name }));
  remember = tool("Remember", { length: z.number(), name: z.string().meta({ pii: true }) }, async ({ length, name }) => {
    await this.customer.update((known) => void Object.assign(known, { text: "x".repeat(length), name }));
  });
}

async function started(here: World = world()): Promise<HostBench> {
  const bench = await HostBench.start(new Notes(), { world: here, secret: "the secret of both" });
  onTestFinished(() => bench.host.drain(0));
  return bench;
}

const warnings = ({ lines }: HostBench) => lines.filter((line) => line.includes("near its limit"));

test("a customer's record that passes 80 % of its limit is warned of once, with its size and no value", async () => {
  const bench = await started();
  await bench.open();
  await bench.call("identify", { id: "kim" });
  await bench.call("remember", { length: 3_000, name: "Canaryname" });
  expect(warnings(bench)).toEqual([]);
  await bench.call("remember", { length: 4_000, name: "Canaryname" });
  await bench.call("remember", { length: 4_100, name: "Canaryname" });
  // What is known of a customer is forgotten after a minute; that it was said is not.
  await bench.world.clock.advance("10m");
  await bench.call("remember", { length: 4_200, name: "Canaryname" });
  expect(warnings(bench)).toEqual([expect.stringMatching(/^the state comes near its limit.*"owner":"customer:[\w-]{43}","part":"customer","bytes":\d+,"limit":5000/)]);
  expect(bench.lines.join()).not.toMatch(/kim|Canaryname/);
  expect(await bench.result("remember", { length: 6_000, name: "" })).toBe("state_too_large");
});

test("each customer and each process is told of; one whose update was refused is not", async () => {
  const [bench, here] = await (async () => {
    const made = world();
    return [await started(made), made] as const;
  })();
  for (const id of ["c1", "c2", "c3"]) await bench.open(id);
  for (const [id, customer] of [["c1", "kim"], ["c2", "lee"], ["c3", "kim"]] as const) await bench.call("identify", { id: customer }, { conversationId: id });
  await bench.call("remember", { length: 6_000, name: "" });
  expect(warnings(bench)).toEqual([]);
  for (const conversationId of ["c1", "c2", "c3"]) await bench.call("remember", { length: 4_500, name: "" }, { conversationId });
  expect(warnings(bench)).toHaveLength(2);
  const other = await started(here);
  await other.open("d1");
  await other.call("identify", { id: "kim" }, { conversationId: "d1" });
  await other.call("remember", { length: 4_600, name: "" }, { conversationId: "d1" });
  expect(warnings(other)).toHaveLength(1);
});

test.each(["write", "remember"])("the warning does not tell how long something masked is (%s)", async (name) => {
  const said = [];
  for (const personal of ["K", "Kim of the long street 17"]) {
    const bench = await started();
    await bench.open();
    await bench.call("identify", { id: "kim" });
    await bench.call(name, { length: 4_500, name: personal });
    said.push(warnings(bench).map((line) => /"bytes":\d+/.exec(line)?.[0]));
  }
  expect(said[0]).toHaveLength(1);
  expect(said[1]).toEqual(said[0]);
});

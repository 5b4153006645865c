// A message is applied once, whatever became of the answer to its post.                                 (P16)

import { expect, test } from "vitest";

import { codeOf } from "../../../src/base/errors.ts";
import { openState } from "../../../src/index.ts";
import { sealText } from "../../../src/state/record.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { world } from "./bench.ts";
import { start } from "./call-agent.ts";

const OWNER = conversationOwner("c1");
const signal = (id: string) => ({ id, text: sealText({ kind: "signal", name: id, payload: 1, source: "test" }) });

async function opened() {
  const here = world();
  const { agent, bench } = await start({}, here);
  await bench.open();
  const state = await openState(here.store, { clock: here.clock, secret: "the secret of this test" });
  const heard = () => agent.heard.filter((line) => line.startsWith("signal"));
  return { here, agent, bench, state, heard };
}

test.each(["unanswered", "unsent", { late: "2s" }] as const)("a post whose outcome is not known (%s) is resolved by its id: the message is applied once", async (fault) => {
  const { here, state, heard, bench } = await opened();
  here.faults.next("post", fault);
  await here.clock.until(state.signal("c1", "paid", 1));
  await here.clock.advance("5s");
  expect(heard()).toEqual(["signal paid 1 c1"]);
  expect(await bench.stored()).toMatchObject({ log: ["started", "signal paid 1"] });
  expect((await here.truth.load(OWNER))!.mail).toBe(0);
});

test("a message that comes again after it was applied is not applied again, also by the next owner", async () => {
  const { here, bench, heard } = await opened();
  for (const _ of [1, 2]) {
    await here.truth.post(OWNER, signal("m1"));
    await here.clock.advance("1s");
  }
  expect(heard()).toEqual(["signal m1 1 c1"]);
  await bench.host.drain(0);
  const next = await start({}, here);
  await next.bench.open();
  await here.truth.post(OWNER, signal("m1"));
  await here.clock.advance("1s");
  expect(next.agent.heard.filter((line) => line.startsWith("signal"))).toEqual([]);
  expect((await here.truth.load(OWNER))!.mail).toBe(0);
});

test("nor is one that was refused", async () => {
  const here = world();
  const { agent, bench } = await start({ failing: "signal" }, here);
  await bench.open();
  for (const _ of [1, 2]) {
    await here.truth.post(OWNER, signal("m1"));
    await here.clock.advance("1s");
  }
  expect(agent.errors).toHaveLength(1);
});

test("a post that a store certainly did not take fails at once; one that nobody can resolve says so in time", async () => {
  const { here, state } = await opened();
  here.faults.next("post", "refused");
  await expect(state.signal("c1", "paid", 1)).rejects.toMatchObject({ code: "state_unavailable" });
  here.faults.next("post", "unanswered");
  const sending = state.signal("c1", "paid", 2).catch((thrown: unknown) => thrown);
  await here.clock.advance(1);
  here.faults.down();
  await here.clock.advance("30s");
  expect(await sending).toMatchObject({ code: "state_unavailable", fields: { outcome: "unknown" } });
});

test("a webhook that is delivered again under its own id is applied once", async () => {
  const { here, state, heard } = await opened();
  await state.signal("c1", "paid", 1, { id: "evt_1" });
  await here.clock.advance("1s");
  await state.signal("c1", "paid", 1, { id: "evt_1" });
  await state.signal("c1", "paid", 2, { id: "evt_2" });
  await here.clock.advance("1s");
  expect(heard()).toEqual(["signal paid 1 c1", "signal paid 2 c1"]);
  await expect(state.signal("c1", "paid", 1, { id: "a\nb" })).rejects.toMatchObject({ code: "id_invalid" });
  // It is no way to end a call.
  await state.signal("c1", "paid", 3, { id: "end-of-conversation" });
  await here.clock.advance("1s");
  expect(heard()).toHaveLength(3);
});

test("one that was refused, and is sent again by whoever heard so, is another attempt, and applied once", async () => {
  const here = world();
  const { agent, bench } = await start({ failing: "signal" }, here);
  await bench.open();
  const writer = await start({}, here);
  const state = await openState(here.store, { clock: here.clock, agents: [writer.agent], secret: "the secret of this test" });
  const send = () => here.clock.until(state.signal("c1", "paid", 1, { id: "evt_1" }).then(() => "applied", codeOf));
  expect(await send()).toBe("tool_execution_error");
  expect(await send()).toBe("tool_execution_error");
  delete agent.options.failing;
  expect(await send()).toBe("applied");
  expect(await send()).toBe("applied");
  expect(agent.heard.filter((line) => line.startsWith("signal"))).toHaveLength(3);
  expect(await bench.stored()).toMatchObject({ log: ["started", "signal paid 1"] });
});

// An inbox whose store keeps what was consumed: nobody waits for it, and nobody asks without a pause.           (P16)

import { expect, test } from "vitest";

import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { sealText } from "../../../src/state/record.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { faultyStore } from "../../../src/testing/faulty-store.ts";
import type { World } from "./bench.ts";
import { start } from "./call-agent.ts";

const OWNER = conversationOwner("c1");

/** A world whose store consumes no message while it is told so. */
function stubborn(): World & { isStubborn: boolean; reads: number } {
  const clock = new SimulatedClock();
  const truth = openMemory({ clock });
  const faulty = faultyStore(truth, { clock });
  const here: World & { isStubborn: boolean; reads: number } = {
    clock,
    truth,
    faults: faulty.faults,
    isStubborn: true,
    reads: 0,
    store: {
      ...faulty,
      commit: (owner, change) => faulty.commit(owner, here.isStubborn ? { ...change, consume: [] } : change),
      inbox: (owner) => (here.reads++, faulty.inbox(owner)),
    },
  };
  return here;
}

const post = (here: World, n: number, id: string) => here.truth.post(OWNER, { id, text: sealText({ kind: "update", changes: { n }, source: "test" }) });

test("a message that stays is applied once, keeps no call waiting, and is consumed again after pauses that grow", async () => {
  const here = stubborn();
  const { bench } = await start({}, here);
  await bench.open();
  await post(here, 5, "m1");
  await here.clock.advance("250ms");
  expect(await bench.stored()).toMatchObject({ n: 5 });
  expect(await bench.result("add")).toEqual({ n: 6 });
  await here.clock.advance("1m");
  const { version } = (await here.truth.load(OWNER))!;
  // Read once in each poll; consumed again after 1, 2, 4, 8, 16 and 32 s.
  expect(here.reads).toBeLessThan(300);
  expect(version).toBeLessThan(12);
  expect(bench.lines.filter((line) => line.startsWith("the store keeps a message")).length).toBeGreaterThan(3);
  // What comes meanwhile is read at once.
  await post(here, 1, "m2");
  await here.clock.advance("250ms");
  expect(await bench.stored()).toMatchObject({ n: 1 });
  here.isStubborn = false;
  await here.clock.advance("2m");
  expect((await here.truth.load(OWNER))!.mail).toBe(0);
  expect(await bench.stored()).toMatchObject({ n: 1 });
});

test("a conversation ends although its inbox cannot be emptied", async () => {
  const here = stubborn();
  const { bench } = await start({}, here);
  await bench.open();
  await post(here, 5, "m1");
  await bench.host.close("c1", "bye");
  expect(await bench.facts()).toMatchObject({ status: "ended", endReason: "bye" });
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import { Rig } from "./rig.ts";
import { seeds } from "./seeds.ts";

let rig: Rig;
beforeEach(async () => void (rig = await Rig.start()));
afterEach(() => rig.stop());

test("kill -9 in mid-tool: the state is as it was, the next process goes on with it, and each call is paid once", { timeout: 120_000 + seeds(6) * 2_000 }, async () => {
  const random = seededRandom(1);
  const charges: [key: string, charge: { attempts: number; amount: number }][] = [];
  await rig.open("c1");
  await rig.open("c2");
  let running = await rig.serve();
  await rig.call("c2", "add", { n: 1 }, "other");
  for (let seed = 1; seed <= seeds(6); seed++) {
    // Each of the three first, then by chance.
    const stage = ["before", "while", "after"][seed <= 3 ? seed - 1 : Math.floor(random() * 3)]!;
    const gate = `${stage} pay-${seed}`;
    rig.world.close(gate);
    const paid = rig.call("c1", "pay", { amount: seed }, `pay-${seed}`);
    await rig.world.arrived(gate);
    const before = await rig.seen("c1");
    await running.kill();
    // An effect is a commit of its own; the ledger of changes is what it was.
    expect((await rig.seen("c1"))?.changes, gate).toEqual(before?.changes);
    expect(before?.changes ?? []).toHaveLength(seed - 1);
    rig.world.open(gate);
    running = await rig.serve();
    expect(await paid, gate).toMatchObject({ kind: "result" });
    expect(JSON.parse((await paid as { json: string }).json)).toEqual({ conversation: "c1", count: seed, total: (seed * (seed + 1)) / 2 });
    expect(await rig.judge()).toEqual([]);
    // What was recorded is not asked for again; what was not is asked for under the same key.
    charges.push([`c1:pay-${seed}`, { attempts: stage === "while" ? 2 : 1, amount: seed }]);
  }
  expect([...rig.world.charges]).toEqual(charges);
  expect(rig.integrity()).toBe("ok");
});

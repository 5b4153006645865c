import { afterEach, beforeEach, expect, test } from "vitest";
import type { Fault, Step } from "../../src/stores/sqlite/faults.ts";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import { Rig } from "./rig.ts";
import { seeds } from "./seeds.ts";

let rig: Rig;
beforeEach(async () => void (rig = await Rig.start()));
afterEach(() => rig.stop());

const STEPS: readonly Step[] = ["before-begin", "after-begin", "after-operation", "before-commit", "after-commit", "before-reply", "checkpoint"];
const SEEDS = seeds(21);

/**
 * Every step in turn; which group and which commit of it is drawn. Group 1 is the lease, the next ones open conversations.
 * A group may have fewer commits than that: then a later group is the last.
 */
function faultsOf(seed: number): Fault[] {
  const random = seededRandom(seed);
  const step = STEPS[seed % STEPS.length]!;
  const action = { kind: "kill" } as const;
  if (step === "checkpoint") return [{ step, action }];
  const group = 1 + Math.floor(random() * 16);
  const operation = 1 + Math.floor(random() * 3);
  return [{ step, group, action, ...(step === "after-operation" && { operation }) }, { step: "before-begin", group: group + 8, action }];
}

test(`kill -9 in mid-commit, ${SEEDS} times: every acknowledged call is stored, nothing is half done, the call goes on`, { timeout: 60_000 + SEEDS * 3_000 }, async () => {
  const conversations = await Promise.all(["c1", "c2", "c3", "c4"].map((id) => rig.open(id)));
  const asked: Promise<{ kind: string }>[] = [];
  const askAll = () => {
    const batch = conversations.flatMap((id) => [rig.call(id, "add", { n: 1 }), rig.call(id, "add", { n: 2 })]);
    asked.push(...batch);
    return Promise.all(batch);
  };
  for (let seed = 0; seed < SEEDS; seed++) {
    const faults = faultsOf(seed);
    const running = rig.begin({ faults });
    // A checkpoint comes when the store has nothing to do; the other steps come with the next groups.
    do await Promise.race([askAll(), running.exited]);
    while (faults[0]!.step !== "checkpoint" && !running.hasExited);
    expect(await running.exited, JSON.stringify(faults)).toEqual({ code: null, signal: "SIGKILL" });
    expect(await rig.judge(), JSON.stringify(faults)).toEqual([]);
    expect(rig.integrity()).toBe("ok");
  }
  await rig.serve();
  const answers = await Promise.all(asked);
  expect(answers.filter((answer) => answer.kind !== "result")).toEqual([]);
  expect(await rig.judge()).toEqual([]);
  for (const id of conversations) expect((await rig.seen(id))?.changes).toHaveLength(asked.length / conversations.length);
});

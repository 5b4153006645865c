import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import type { CallAnswer } from "../../src/platform/index.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
beforeEach(async () => void (rig = await Rig.start()));
afterEach(() => rig.stop());

test("after kill -9 of the owner a second process on the same file takes over at once, long before the lease is over", { timeout: 30_000 }, async () => {
  // With this lease, whoever waited for its end would be too late for the test.
  const first = await rig.serve({ leaseMs: 600_000 });
  await rig.open("c1");
  await rig.call("c1", "add", { n: 1 });
  await rig.serve({ leaseMs: 600_000 });
  expect((await rig.call("c1", "add", { n: 2 })).kind).toBe("result");
  const epoch = (await rig.seen("c1"))!.epoch;
  rig.world.close("g");
  const running = rig.call("c1", "add_slowly", { n: 3, gate: "g" });
  await rig.world.arrived("g");
  await first.kill();
  rig.world.open("g");
  expect(await running).toMatchObject({ kind: "result", json: '{"conversation":"c1","count":3,"total":6}' });
  expect((await rig.seen("c1"))!.epoch).toBeGreaterThan(epoch);
  expect(await rig.judge()).toEqual([]);
});

test("an owner that is stopped past its lease is taken over; when it goes on it commits nothing and answers nothing", { timeout: 60_000 }, async () => {
  const lease = { leaseMs: 600 };
  const pair = [await rig.serve(lease), await rig.serve(lease)];
  await rig.open("c1", "unruly");
  await rig.call("c1", "add", { n: 1 });
  const first = (await rig.owner("c1"))!;
  const second = pair.find((other) => other !== first)!;
  rig.world.close("g");
  const slow = rig.call("c1", "add_slowly", { n: 2, gate: "g" }, "slow");
  await rig.world.arrived("g");
  const before = (await rig.seen("c1"))!;
  await first.kill("SIGSTOP");
  // The other one runs the same call again and waits at the same gate. It has committed nothing yet, so the version is
  // what the first one expects when it goes on to its commit: only the epoch keeps it out.
  await rig.world.arrived("g", 2);
  expect(await rig.ownerId("c1")).toBe(second.identity);
  const taken = (await rig.seen("c1"))!;
  expect(taken.changes.map(({ callId }) => callId)).not.toContain("slow");
  expect(taken.version).toBe(before.version);
  await first.kill("SIGCONT");
  rig.world.passOne("g");
  await first.says("the conversation is not served here any more");
  expect(first.output).toContain('"code":"fenced"');
  expect(await rig.seen("c1")).toEqual(taken);
  rig.world.open("g");
  expect(await slow).toMatchObject({ kind: "result", json: '{"conversation":"c1","count":2,"total":3}' });
  expect(await rig.judge()).toEqual([]);
  expect((await rig.seen("c1"))!.epoch).toBe(taken.epoch);
  // And back: the first one is well again and takes over what the second one leaves.
  await second.kill();
  expect(await rig.call("c1", "add", { n: 4 })).toMatchObject({ kind: "result", json: '{"conversation":"c1","count":3,"total":7}' });
  expect(await rig.ownerId("c1")).toBe(first.identity);
  expect(await rig.judge()).toEqual([]);
});

test("two processes race on 20 conversations, are killed and stopped in turn: the history has no violation", { timeout: 120_000 }, async () => {
  // Silence is noticed soon, so that the platform offers what a stopped process served to the other one.
  await rig.stop();
  rig = await Rig.start({ silenceMs: 1_500 });
  const options = { leaseMs: 400, times: { heartbeatMs: 300 } };
  const random = seededRandom(11);
  const pair = [await rig.serve(options), await rig.serve(options)];
  const conversations = await Promise.all(Array.from({ length: 20 }, (_, n) => rig.open(`c${n}`)));
  const fourCalls = async (id: string) => {
    const kinds = [];
    for (let n = 0; n < 4; n++) kinds.push(codeOf(await rig.call(id, "add", { n })));
    return kinds;
  };
  for (let round = 0; round < 6; round++) {
    const at = Math.floor(random() * 2);
    const victim = pair[at]!;
    const calls = Promise.all(conversations.map(fourCalls));
    if (round % 2 === 0) {
      await victim.kill();
      pair[at] = await rig.serve(options);
    } else {
      const owners = () => Promise.all(conversations.map((id) => rig.owner(id)));
      const before = await owners();
      await victim.kill("SIGSTOP");
      // Until the other one has taken something over, then they race for it. A process that was stopped in the middle
      // of a transaction keeps the file's lock: nobody can take over from it, and nobody needs to.
      const isTaken = async () => (await owners()).some((owner, at) => before[at] === victim && owner !== victim);
      await expect.poll(async () => !before.includes(victim) || rig.isLocked() || isTaken(), { timeout: 30_000, interval: 50 }).toBe(true);
      await victim.kill("SIGCONT");
    }
    // While the lock is held nothing can be stored, and that is what callers hear.
    expect(new Set((await calls).flat().filter((code) => code !== "result" && code !== "state_unavailable"))).toEqual(new Set());
    expect(await rig.judge()).toEqual([]);
  }
  expect(rig.integrity()).toBe("ok");
});

function codeOf(answer: CallAnswer): string {
  return answer.kind === "error" ? answer.error.type : answer.kind;
}

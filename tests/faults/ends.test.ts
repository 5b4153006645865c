// Calls that end while who served them is dead, and who hears of the end dies, too - on every durable store.  (P12, P13, P15)

import { afterAll, beforeAll, describe, test } from "vitest";
import { openState } from "../../src/index.ts";
import { openEntry } from "../../src/state/journal.ts";
import { conversationOwner, type Loaded, type Store } from "../../src/state/store.ts";
import { openStore } from "../../src/stores/open.ts";
import { until } from "../servers/redis.ts";
import type { DispatcherProcess } from "./dispatcher-process.ts";
import { everyStore } from "./places.ts";
import { Rig } from "./rig.ts";

// The stores wait side by side; their tests follow one another.
describe.concurrent.each(await everyStore())("%s", (_name, place) => {
  let rig: Rig;
  let store: Store;
  const lease = { leaseMs: 3_000 };

  beforeAll(async () => {
    rig = await Rig.start({}, place);
    store = await openStore(rig.place.direct, { encryption: false });
    await Promise.all([rig.serve(lease), rig.serve(lease), rig.serve(lease)]);
  });
  afterAll(async () => {
    await store?.close();
    await rig?.stop();
  });

  const kept = async (id: string) => (await store.load(conversationOwner(id))) as Loaded;
  /** What hooks said outside; more than one only when a process lost the call in the middle of it. */
  const endings = (id: string) => rig.world.reports.filter((report) => report.startsWith(`ended ${id}:`));
  /** The ends in its journal. */
  const endsIn = async (id: string) => {
    const entries = (await store.history(conversationOwner(id))).map(({ text }) => openEntry(conversationOwner(id), text!));
    return entries.filter((entry) => entry.name === "onConversationEnded");
  };
  const alive = () => rig.processes.filter(({ hasExited }) => !hasExited);

  /** Opens a call, has it served, and gives who has it. */
  async function served(id: string): Promise<DispatcherProcess> {
    await rig.open(id, "farewell");
    await rig.call(id, "add", { n: 1 });
    await until(async () => (await rig.owner(id)) !== undefined);
    return (await rig.owner(id))!;
  }

  test("an end that the platform reports while the dead owner's lease runs is applied when it is over: once, with its reason", { timeout: 60_000, concurrent: false }, async ({ expect }) => {
    const owner = await served("c0");
    await owner.kill();
    await rig.platform.endConversation("c0", "caller_hung_up");
    await until(async () => (await kept("c0")).facts.status === "ended");
    expect(await kept("c0")).toMatchObject({ mail: 0, facts: { endReason: "caller_hung_up" } });
    expect(new Set(endings("c0"))).toEqual(new Set(["ended c0: caller_hung_up"]));
    expect(endings("c0").length).toBeLessThanOrEqual((await kept("c0")).epoch);
    expect((await endsIn("c0")).map(({ outcome }) => outcome)).toEqual(["ok"]);
    expect((await rig.seen("c0"))!.state).toMatchObject({ note: "caller_hung_up" });
    expect(await rig.judge()).toEqual([]);
    await rig.serve(lease);
  });

  test("an end outlives all who heard of it: a process that is started later applies it", { timeout: 60_000, concurrent: false }, async ({ expect }) => {
    const owner = await served("c1");
    await owner.kill();
    rig.world.close("ending c1");
    await rig.platform.endConversation("c1", "caller_hung_up");
    // In the inbox, or (where a dead process is noticed at once) being applied: its hook waits, and nothing is committed.
    await until(async () => (await kept("c1")).mail === 1);
    await Promise.all(alive().map((each) => each.kill()));
    rig.world.open("ending c1");
    expect((await kept("c1")).facts.status).toBe("live");
    const before = endings("c1").length;
    await Promise.all([rig.serve(lease), rig.serve(lease), rig.serve(lease)]);
    await until(async () => (await kept("c1")).facts.status === "ended");
    expect(await kept("c1")).toMatchObject({ mail: 0, facts: { endReason: "caller_hung_up" } });
    expect(endings("c1").length).toBeGreaterThan(before);
    expect((await endsIn("c1")).map(({ outcome }) => outcome)).toEqual(["ok"]);
    expect((await rig.seen("c1"))!.state).toMatchObject({ note: "caller_hung_up" });
    expect(await rig.judge()).toEqual([]);
  });

  test("a live call ends once and by the one that has it, and leaves nothing of what the others heard", { timeout: 60_000, concurrent: false }, async ({ expect }) => {
    await served("c2");
    await rig.platform.endConversation("c2", "done");
    await until(async () => (await kept("c2")).facts.status === "ended");
    expect(new Set(endings("c2"))).toEqual(new Set(["ended c2: done"]));
    expect((await endsIn("c2")).map(({ outcome }) => outcome)).toEqual(["ok"]);
    expect(await kept("c2")).toMatchObject({ mail: 0, facts: { endReason: "done" } });
    const access = await openState(rig.place.direct, { secret: "the secret of the fault tests" });
    await expect(access.signal("c2", "late")).rejects.toMatchObject({ code: "conversation_ended" });
    await access.close();
  });

  test("an owner that is stopped while its call ends finds it ended when it goes on", { timeout: 60_000, concurrent: false }, async ({ expect }) => {
    const owner = await served("c3");
    await owner.kill("SIGSTOP");
    await rig.platform.endConversation("c3", "caller_hung_up");
    await until(async () => (await kept("c3")).facts.status === "ended");
    const { process: _process, ...ended } = await kept("c3");
    await owner.kill("SIGCONT");
    await owner.says('"conversationId":"c3"');
    expect(endings("c3").length).toBeLessThanOrEqual(ended.epoch);
    expect((await endsIn("c3")).map(({ outcome }) => outcome)).toEqual(["ok"]);
    expect(await kept("c3")).toMatchObject(ended);
    expect(await rig.judge()).toEqual([]);
  });
});

// Hooks at an awkward moment: killed between an effect and their end, failing while they report a failure.

import { afterEach, expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent } from "../../../src/agent/agent.ts";
import { tool } from "../../../src/agent/tool.ts";
import { conversationState } from "../../../src/parts/conversation-state.ts";
import { session } from "../../../src/parts/session.ts";
import { gate, HostBench, world, type World } from "./bench.ts";

const benches: HostBench[] = [];
afterEach(() => {
  for (const { host } of benches.splice(0)) host.abandon();
});

async function bench(agent: ConversimpleAgent, options: Parameters<typeof HostBench.start>[1] = {}): Promise<HostBench> {
  const started = await HostBench.start(agent, options);
  benches.push(started);
  return started;
}

/** Its hooks have an effect each, and then wait. */
class CrmAgent extends ConversimpleAgent {
  static override readonly agentId = "crm";
  readonly state = conversationState(z.object({ ticket: z.string().default("") }));
  readonly outside: string[];
  readonly behind: () => Promise<void>;
  constructor(outside: string[], behind: () => Promise<void> = () => Promise.resolve()) {
    super();
    this.outside = outside;
    this.behind = behind;
  }
  ticket = tool("Ticket", () => this.state.ticket);
  fail = tool("Fails", () => {
    throw new Error("no");
  });
  override async onConversationStarted() {
    this.state.ticket = await this.effect("ticket", () => `T${this.outside.push("started")}`);
    await this.behind();
  }
  override async onConversationEnded() {
    await this.effect("mail", () => void this.outside.push("ended"));
    await this.behind();
  }
}

/** The process dies when the n-th effect is recorded and its hook not over. */
async function killedInHook(here: World, outside: string[], run: (bench: HostBench) => Promise<unknown>, hook: number): Promise<void> {
  const reached = gate();
  let hooks = 0;
  const dying = await bench(
    new CrmAgent(outside, async () => {
      if (++hooks < hook) return;
      reached.open();
      await new Promise(() => {});
    }),
    { world: here },
  );
  run(dying).catch(() => {});
  await reached.opened;
  dying.host.abandon();
  await here.clock.advance("11s");
}

test("a start that was killed behind its effect is begun again, and the effect is not", async () => {
  const here = world();
  const outside: string[] = [];
  await killedInHook(here, outside, (dying) => dying.open(), 1);
  const next = await bench(new CrmAgent(outside), { world: here });
  expect(await next.open()).toEqual({ kind: "serving", isNew: true });
  expect(outside).toEqual(["started"]);
  expect(await next.result("ticket")).toBe("T1");
});

test("an end that was killed behind its effect is ended by another process, and the effect does not run again", async () => {
  const here = world();
  const outside: string[] = [];
  await killedInHook(here, outside, async (dying) => (await dying.open(), dying.host.close("c1", "bye")), 2);
  const next = await bench(new CrmAgent(outside), { world: here });
  await next.host.close("c1", "bye");
  expect(await next.facts()).toMatchObject({ status: "ended" });
  expect(outside).toEqual(["started", "ended"]);
});

class FarewellAgent extends ConversimpleAgent {
  static override readonly agentId = "farewell";
  readonly state = conversationState(z.object({ farewells: z.number().default(0) }));
  readonly session = session({ user: z.object({ id: z.string() }) });
  override onConversationEnded() {
    this.state.farewells++;
  }
}

test("an end that was killed between its hook and its parts is ended by another process, and the hook that is committed does not run again", async () => {
  const here = world();
  const dying = await bench(new FarewellAgent(), { world: here });
  await dying.open();
  here.faults.next("commit", "ok");
  const parts = here.faults.hold("commit");
  dying.host.close("c1", "bye").catch(() => {});
  await parts.reached;
  dying.host.abandon();
  await here.clock.advance("11s");
  const next = await bench(new FarewellAgent(), { world: here });
  await next.host.close("c1", "bye");
  expect(await next.facts()).toMatchObject({ status: "ended", endReason: "bye" });
  expect(await next.stored()).toEqual({ farewells: 1 });
});

test("an onError that rejects is noted and ends nothing", async () => {
  class Hopeless extends CrmAgent {
    override async onError() {
      await Promise.reject(new Error("onError, too"));
    }
  }
  const others: unknown[] = [];
  const hear = (reason: unknown) => void others.push(reason);
  process.on("unhandledRejection", hear);
  try {
    const here = await bench(new Hopeless([]));
    await here.open();
    expect(await here.result("fail")).toBe("tool_execution_error");
    await here.world.clock.advance(1);
    expect(here.lines.some((line) => line.startsWith("onError itself failed"))).toBe(true);
  } finally {
    process.off("unhandledRejection", hear);
  }
  expect(others).toEqual([]);
});

test("a failing onError does not keep the other agents from their configuration", async () => {
  const heard: string[] = [];
  class First extends ConversimpleAgent {
    static override readonly agentId = "first";
    override onConfigUpdate() {
      throw new Error("no");
    }
    override onError() {
      throw new Error("onError, too");
    }
  }
  class Second extends ConversimpleAgent {
    static override readonly agentId = "second";
    override onConfigUpdate() {
      heard.push("second");
    }
  }
  const started = await HostBench.start([new First(), new Second()]);
  benches.push(started);
  await started.host.configure({});
  expect(heard).toEqual(["second"]);
});

test("a wall clock that is set does not end the conversations that are served", async () => {
  const here = await bench(new CrmAgent([]));
  await here.open();
  here.world.clock.jump(2 * 3_600_000);
  await here.world.clock.advance("2m");
  expect(await here.facts()).toMatchObject({ status: "live" });
});

test("what is committed is a sign of life, whoever asked for it", async () => {
  const agent = new CrmAgent([]);
  const here = await bench(agent);
  await here.open();
  for (let half = 0; half < 4; half++) {
    await here.world.clock.advance("30m");
    await here.world.clock.until(agent.updateState("c1", { ticket: `T${half}` }));
  }
  expect(await here.facts()).toMatchObject({ status: "live" });
});

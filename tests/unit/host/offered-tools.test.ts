// A model is offered what the state allows now; what is called all the same is refused. (P17)

import { expect, test } from "vitest";
import { ConversimpleAgent, conversationState, tool, workflow, type Guard } from "conversimple";
import { z } from "zod";
import { conversationOwner } from "../../../src/state/store.ts";
import { BookingAgent, DATES } from "../parts/booking-agent.ts";
import { HostBench } from "./bench.ts";

const FREE = ["move", "put", "fail", "look", "move_beside", "write_data"];
const names = ({ host }: HostBench, which?: "offered" | "all") => host.tools("c1", which).map(({ name }) => name);

test("the tools are those that the step allows, as it is committed", async () => {
  const bench = await HostBench.start(new BookingAgent());
  await bench.open();
  expect(names(bench)).toEqual(["start_booking", ...FREE]);
  await bench.call("start_booking");
  expect(names(bench)).toEqual(["set_dates", ...FREE]);
  // It was not committed.
  await bench.call("fail");
  expect(names(bench)).toEqual(["set_dates", ...FREE]);
  await bench.call("put", { data: { ...DATES, guests: 1 } });
  expect(names(bench)).toEqual(["change_dates", "confirm_booking", ...FREE]);
  expect(names(bench, "all")).toHaveLength(6 + FREE.length);
  expect(await bench.result("set_dates", DATES)).toMatchObject({ error: "step_not_allowed", message: "I only have to confirm your booking." });
});

test("whoever listens hears of another set before the answer that made it, and only then", async () => {
  const bench = await HostBench.start(new BookingAgent());
  await bench.open();
  const heard: string[] = [];
  bench.host.onToolsChanged((id) => heard.push(`${id}: ${names(bench)[0]!}`));
  await bench.call("start_booking").then(() => heard.push("answered"));
  await bench.call("set_dates", { checkIn: "2026-02-01" });
  await bench.call("look");
  expect(heard).toEqual(["c1: set_dates", "answered"]);
});

test("a deadline changes the set, too", async () => {
  class Timed extends ConversimpleAgent {
    static override readonly agentId = "timed";
    readonly it = workflow({ data: {}, initial: "open", steps: { open: { deadlineMs: 1_000, onDeadline: "closed" }, closed: {} } });
    enter = tool("Enter", {}, { step: this.it.at("open") }, () => "in");
  }
  const bench = await HostBench.start(new Timed());
  await bench.open();
  const heard: string[][] = [];
  bench.host.onToolsChanged(() => heard.push(names(bench)));
  await bench.world.clock.advance(1_000);
  expect(heard).toEqual([[]]);
});

test("a guard of one's own may rule a tool out; one that cannot answer does not", async () => {
  class Own extends ConversimpleAgent {
    static override readonly agentId = "own";
    readonly state = conversationState(z.object({ isOpen: z.boolean().default(false) }));
    readonly open: Guard = {
      refusal: () => (this.state.isOpen ? undefined : { error: "closed", message: "We are closed." }),
      isOffered: (value) => (value({ name: "state" } as never) as { isOpen: boolean }).isOpen,
    };
    readonly broken: Guard = { refusal: () => undefined, isOffered: () => { throw new Error("what now"); } };
    toggle = tool("Toggle", {}, { requires: this.broken }, () => (this.state.isOpen = !this.state.isOpen));
    enter = tool("Enter", {}, { requires: [() => true, this.open] }, () => "in");
  }
  const bench = await HostBench.start(new Own());
  await bench.open();
  expect(names(bench)).toEqual(["toggle"]);
  await bench.call("toggle");
  expect(names(bench)).toEqual(["toggle", "enter"]);
});

test("a conversation whose record cannot be used offers all tools, and each says so; once it is repaired, those that the step allows", async () => {
  const bench = await HostBench.start(new BookingAgent());
  await bench.open();
  await bench.call("start_booking");
  await bench.host.drain(0);
  const owner = conversationOwner("c1");
  const { record, version, epoch } = (await bench.world.truth.load(owner))!;
  await bench.world.truth.commit(owner, { writeId: "w", expectedVersion: version, epoch, record: record!.replace("collectingDates", "collectingDatum") });
  const next = await HostBench.start(new BookingAgent(), { world: bench.world });
  await next.open();
  expect(names(next)).toHaveLength(6 + FREE.length);
  expect(await next.result("set_dates", DATES)).toBe("state_quarantined");
  // Somebody repairs it.
  const heard: string[][] = [];
  next.host.onToolsChanged(() => heard.push(names(next)));
  const damaged = (await bench.world.truth.load(owner))!;
  await bench.world.truth.commit(owner, { writeId: "r", expectedVersion: damaged.version, epoch: damaged.epoch, record: record! });
  expect(await next.result("set_dates", DATES)).toMatchObject({ message: "How many guests?" });
  expect(heard).toEqual([["set_dates", ...FREE], ["set_guests", ...FREE]]);
});

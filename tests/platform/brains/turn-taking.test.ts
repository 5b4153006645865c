// Who has the word: barge-in, calls that go on, news.

import { expect, test } from "vitest";
import { ConversimpleAgent, conversationState, tool } from "conversimple";
import { z } from "zod";
import type { Brain, Turn } from "../../../src/platform/index.ts";
import { KEY, http } from "../clients.ts";
import { RelayCaller } from "./relay-caller.ts";
import { read, talking } from "./talking.ts";

/** A tool that answers when the test says so. */
class SlowAgent extends ConversimpleAgent {
  static override readonly agentId = "slow";
  readonly begun = Promise.withResolvers<void>();
  readonly gate = Promise.withResolvers<void>();
  readonly state = conversationState(z.object({ orders: z.number().default(0) }));

  placeOrder = tool("Place the order", {}, async () => {
    this.begun.resolve();
    await this.gate.promise;
    this.state.orders += 1;
    return { message: `Order ${this.state.orders} is placed.` };
  });

  getWeather = tool("Tell the weather", {}, { parallel: true, result: z.object({ message: z.string().meta({ pii: true }) }) }, () => ({ message: "Sunny." }));
}

test("speaking while a tool runs interrupts the turn; the answer is said in the next one", async () => {
  const agent = new SlowAgent();
  await using shop = await talking(agent);
  const first = shop.say("place the order");
  await agent.begun.promise;
  const second = shop.say("tell me the weather");
  expect(await first).toMatchObject({ said: "", record: { isInterrupted: true, toolCalls: [{ tool: "place_order", status: "unanswered" }] } });
  expect((await second).said).toBe("Sunny.");
  agent.gate.resolve();
  await expect.poll(() => shop.local.conversation("c1").toolCalls[0]?.status).toBe("answered");
  expect((await shop.say("tell me the weather")).said).toBe("Order 1 is placed. Sunny.");
});

test("to somebody on a line the answer of an interrupted turn is said as soon as nobody speaks", async () => {
  const agent = new SlowAgent();
  await using shop = await talking(agent);
  const line = await new RelayCaller(shop.url, { agent: "slow", auth_token: KEY }).setup();
  await line.utterance(1);
  line.prompt("place the order");
  await agent.begun.promise;
  line.send({ type: "interrupt", utteranceUntilInterrupt: "", durationUntilInterruptMs: 10 });
  line.prompt("tell me the weather");
  expect(await line.utterance(2)).toBe("Sunny.");
  agent.gate.resolve();
  expect(await line.utterance(3)).toBe("Order 1 is placed.");
});

test("what is said before an interrupted turn is over is heard together, as one turn", async () => {
  const heard: string[] = [];
  const begun = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const brain: Brain = {
    async take(turn: Turn) {
      heard.push(turn.heard.text);
      if (heard.length > 1) return turn.say("Yes.");
      begun.resolve();
      turn.say("One, two, ", { isLast: false });
      await left.promise;
      turn.say("three.");
    },
  };
  await using shop = await talking(new SlowAgent(), { brains: { own: () => brain }, brain: "own" });
  const first = shop.say("count");
  await begun.promise;
  const others = [shop.say("wait"), shop.say("and listen")];
  await new Promise(setImmediate);
  left.resolve();
  expect((await first).record).toMatchObject({ said: ["One, two,"], isInterrupted: true });
  expect((await Promise.all(others)).map(({ said }) => said)).toEqual(["Yes.", "Yes."]);
  expect(heard).toEqual(["count", "wait and listen"]);
  expect(shop.events.filter(({ type }) => type === "agent_said")).toMatchObject([{ text: "One, two,", isInterrupted: true }, { text: "Yes." }]);
});

test("an end of the conversation leaves nobody waiting", async () => {
  const agent = new SlowAgent();
  await using shop = await talking(agent);
  const first = shop.say("place the order");
  await agent.begun.promise;
  const ended = shop.local.endConversation("c1");
  agent.gate.resolve();
  expect((await first).record).toMatchObject({ isInterrupted: true, isOver: true });
  await ended;
  await expect(shop.say("hello")).rejects.toMatchObject({ code: "conversation_ended" });
});

test("a brain that fails is said so, and the next turn goes on", async () => {
  let turns = 0;
  const brain: Brain = { take: (turn) => (++turns === 1 ? Promise.reject(new Error("pin 4711")) : Promise.resolve(turn.say("Here I am."))) };
  const errors: unknown[] = [];
  const logger = { info: () => undefined, warn: () => undefined, error: (fields: unknown) => void errors.push(fields) };
  await using shop = await talking(new SlowAgent(), { brains: { own: () => brain }, brain: "own", logger });
  expect((await shop.say("hello")).said).toBe("Sorry, something went wrong. Please try again.");
  expect((await shop.say("hello?")).said).toBe("Here I am.");
  expect(JSON.stringify(errors)).not.toContain("4711");
});

test("a script speaks over HTTP: what the agent said, the calls it made, the conversation so far", async () => {
  const agent = new SlowAgent();
  agent.gate.resolve();
  await using shop = await talking(agent);
  const post = (body: unknown) => http(shop.url, "POST", "/v1/conversations/c1/messages", body);
  const first = await post({ text: "tell me the weather" });
  expect(first.json).toEqual({ turn: 1, said: ["Sunny."], toolCalls: [{ callId: expect.any(String), tool: "get_weather", arguments: {}, status: "answered", result: { message: "•••" } }], isInterrupted: false, isOver: false });
  // What the caller hears is clear; what watchers see is masked.
  const { json } = await http(shop.url, "GET", "/v1/conversations/c1/messages");
  expect(json).toMatchObject({ messages: [{ by: "caller", turn: 1, text: "tell me the weather" }, { by: "agent", turn: 1, text: "•••" }] });
  expect(await post({ text: "x".repeat(4_001) })).toMatchObject({ status: 413 });
  for (const body of [{}, { text: "" }, { text: 5 }, { text: "hi", stray: 1 }, { keys: "12a" }, { text: "hi", brain: "constructor" }]) expect(await post(body)).toMatchObject({ status: 400 });
  expect(await http(shop.url, "POST", "/v1/conversations/none/messages", { text: "hi" })).toMatchObject({ status: 404 });
  expect((await fetch(`${shop.url}/v1/conversations/c1/messages`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })).status).toBe(401);
});

test("each conversation has its own brain, and a message can name another one", async () => {
  const echo: Brain = { take: (turn) => Promise.resolve(turn.say(`You said: ${turn.heard.text}`)) };
  await using shop = await talking(new SlowAgent(), { brains: { echo: () => echo } });
  await shop.begin("c2");
  expect(read(await shop.local.say("c1", { text: "hi there", brain: "echo" })).said).toBe("You said: hi there");
  expect((await shop.say("still you?")).said).toBe("You said: still you?");
  expect((await shop.say("hello", "c2")).said).toMatch(/^Hello\. You can/);
});

test("events tell who said what, what was called, and when a turn began and ended", async () => {
  const agent = new SlowAgent();
  agent.gate.resolve();
  await using shop = await talking(agent);
  await shop.say("place the order");
  const told = shop.events.map(({ type }) => type).filter((type) => /^(turn|caller|agent_said|call)_?/.test(type));
  expect(told).toEqual(["turn_began", "turn_called", "caller_said", "call_delivered", "call_answered", "agent_said", "turn_ended"]);
});

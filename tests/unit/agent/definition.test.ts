import { type } from "arktype";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";

import { defineAgent } from "../../../src/agent/definition.ts";
import { refusalOf } from "../../../src/agent/guard.ts";
import { conversationState, ConversimpleAgent, ephemeral, Part, tool } from "../../../src/index.ts";
import { HostBench } from "../host/bench.ts";

const invalid = (text: RegExp) => expect.objectContaining({ code: "definition_invalid", message: expect.stringMatching(text) as string }) as Error;

class SealedAgent extends ConversimpleAgent {
  static override readonly agentId: string = "sealed";
  readonly state = conversationState(z.object({ n: z.number().default(0) }));
  readonly scratch = ephemeral(() => ({ uses: 0 }));
  plain = 1;
  list: string[] = [];
  #private = 0;
  arrow = () => this.helper();
  get doubled() {
    return this.state.n * 2;
  }
  set doubled(value: number) {
    this.state.n = value / 2;
  }
  helper() {
    return this.state.n;
  }
  late?: number;

  do = tool("Do something", { what: z.string() }, ({ what }) => this.deeds[what]!());
  readonly deeds: Record<string, () => unknown> = {
    undeclared: () => ((this as unknown as Record<string, unknown>).customer = "ann"),
    declared: () => (this.plain = 2),
    undefinedField: () => (this.late = 2),
    state: () => ((this as { state: unknown }).state = { n: 1 }),
    part: () => ((this as { scratch: unknown }).scratch = 1),
    tool: () => ((this as { do: unknown }).do = 1),
    method: () => ((this as { helper: unknown }).helper = () => 1),
    setter: () => (this.doubled = 4),
    assign: () => Object.assign(this, { n: 1 }),
    symbol: () => ((this as unknown as Record<symbol, unknown>)[Symbol("s")] = 1),
    inherited: () => (Object.create(this) as { x: number }).x = 1,
    define: () => Object.defineProperty(this, "fresh", { value: 1 }),
    redefine: () => Object.defineProperty(this, "plain", { value: 2 }),
    remove: () => delete (this as Partial<SealedAgent>).plain,
    prototype: () => Object.setPrototypeOf(this, {}) as unknown,
    private: () => ++this.#private,
    arrow: () => this.arrow(),
    getter: () => this.doubled,
    super: () => super.currentConversationId,
    list: () => this.list.push("shared, and the docs say so"),
    ephemeral: () => ++this.scratch.value.uses,
  };
}

const start = async () => {
  const agent = new SealedAgent();
  const bench = await HostBench.start(agent);
  await bench.open();
  return { agent, bench };
};

test.each(["undeclared", "declared", "undefinedField", "tool", "method", "setter", "assign", "symbol", "inherited"])("writing %s names the right part", async (what) => {
  const { bench } = await start();
  expect(await bench.result("do", { what })).toBe("tool_execution_error");
  expect(bench.errors).toEqual([expect.objectContaining({ code: "agent_sealed", message: expect.stringContaining("ephemeral(() => initial)") as string })]);
});

test.each([
  ["state", '"state" was reassigned, which is the agent\'s conversation state. Change what is in it: this.state.field = ... or this.updateState({ ... }).'],
  ["part", '"scratch" was reassigned, which is the agent\'s ephemeral. Change what is in it: set this.scratch.value.'],
])("writing a %s whole says how it is changed", async (what, message) => {
  const { bench } = await start();
  expect(await bench.result("do", { what })).toBe("tool_execution_error");
  expect(bench.errors).toEqual([expect.objectContaining({ code: "agent_sealed", message })]);
});

test.each(["define", "redefine", "remove", "prototype"])("%s is refused by the language itself", async (what) => {
  const { agent, bench } = await start();
  expect(await bench.result("do", { what })).toBe("tool_execution_error");
  expect(agent.plain).toBe(1);
  expect(Object.keys(agent)).not.toContain("fresh");
});

test.each([
  ["private", 1],
  ["arrow", 0],
  ["getter", 0],
  ["super", "c1"],
  ["list", 1],
  ["ephemeral", 1],
])("%s goes on working", async (what, expected) => {
  const { bench } = await start();
  expect(await bench.result("do", { what })).toBe(expected);
});

test("before it is taken over an agent can be written, also by the constructor of a subclass", async () => {
  class Sub extends SealedAgent {
    static override readonly agentId = "sub";
    readonly extra: string;
    constructor(extra: string) {
      super();
      this.extra = extra;
      this.plain = 7;
    }
    more = tool("More", () => `${this.extra} ${this.plain}`);
  }
  const bench = await HostBench.start(new Sub("x"));
  await bench.open();
  expect(await bench.result("more")).toBe("x 7");
  expect(await bench.result("do", { what: "declared" })).toBe("tool_execution_error");
});

test("two instances of a class are two agents; each is sealed alone", async () => {
  const [one, two] = [new SealedAgent(), new SealedAgent()];
  await HostBench.start(one);
  two.plain = 5;
  expect(() => (one.plain = 5)).toThrow(expect.objectContaining({ code: "agent_sealed" }) as Error);
  await expect(HostBench.start([new SealedAgent(), two])).rejects.toMatchObject({ code: "option_invalid" });
});

test("an agent is still an instance of its class, and defined once", () => {
  const agent = new SealedAgent();
  expect(defineAgent(agent)).toBe(defineAgent(agent));
  expect(agent).toBeInstanceOf(SealedAgent);
  expect(agent).toBeInstanceOf(ConversimpleAgent);
});

const RESERVED = ["call", "conversation", "now", "effect", "update", "bind", "getState", "updateState", "currentConversationId", "onConversationStarted", "onConversationEnded", "onToolCalled", "onSignal", "onError", "onConfigUpdate", "constructor", "$once"];

test.each(RESERVED)("a tool or part named %s is refused", (name) => {
  for (const part of [tool("T", () => 1), ephemeral(() => 1)]) {
    class Named extends ConversimpleAgent {
      static override readonly agentId = "named";
    }
    const agent = Object.defineProperty(new Named(), name, { value: part, enumerable: true, configurable: true, writable: true });
    expect(() => defineAgent(agent)).toThrow(invalid(/Rename the field/));
  }
});

test("an agent without a usable id, with two states, or with the state in another field is refused", () => {
  class NoId extends ConversimpleAgent {}
  class OddId extends ConversimpleAgent {
    static override readonly agentId = "a b";
  }
  class OtherField extends ConversimpleAgent {
    static override readonly agentId = "x";
    readonly memory = conversationState(z.object({}));
  }
  expect(() => defineAgent(new NoId())).toThrow(invalid(/agentId/));
  expect(() => defineAgent(new OddId())).toThrow(invalid(/agentId/));
  expect(() => defineAgent(new OtherField())).toThrow(invalid(/in the field "state"/));
});

test("one part for two fields and two tools of one name are refused", () => {
  const shared = ephemeral(() => 1);
  class Shared extends ConversimpleAgent {
    static override readonly agentId = "x";
    readonly a = shared;
    readonly b = shared;
  }
  class Twice extends ConversimpleAgent {
    static override readonly agentId = "x";
    addItem = tool("A", () => 1);
    add_item = tool("B", () => 1);
  }
  expect(() => defineAgent(new Shared())).toThrow(invalid(/Declare one for each/));
  expect(() => defineAgent(new Twice())).toThrow(invalid(/two tools named "add_item"/));
});

test("a part of one's own joins under its field's name", async () => {
  class Greeting extends Part {
    readonly kind = "greeting";
    say() {
      return `hello from ${this.name}`;
    }
  }
  class Polite extends ConversimpleAgent {
    static override readonly agentId = "polite";
    readonly greeting = new Greeting();
    greet = tool("Greet", () => this.greeting.say());
  }
  const bench = await HostBench.start(new Polite());
  await bench.open();
  expect(await bench.result("greet")).toBe("hello from greeting");
});

test("names on the wire are in snake_case, and can be given", async () => {
  class Names extends ConversimpleAgent {
    static override readonly agentId = "names";
    addToCart = tool("A", () => 1);
    getURLFor2 = tool("B", {}, { examples: ["where is it"] }, () => 1);
    odd = tool("C", {}, { name: "other-name" }, () => 1);
  }
  const bench = await HostBench.start(new Names());
  await bench.open();
  expect(bench.host.tools("c1").map(({ name }) => name)).toEqual(["add_to_cart", "get_url_for2", "other-name"]);
  expect(bench.host.tools("c1")[1]).toMatchObject({ description: "B", examples: ["where is it"], parameters: { type: "object", properties: {}, additionalProperties: false } });
});

const single = (declare: () => unknown) => {
  class Single extends ConversimpleAgent {
    static override readonly agentId = "single";
    readonly field = declare();
  }
  return () => defineAgent(new Single());
};

test.each<[string, () => unknown, RegExp]>([
  ["without a description", () => tool(" ", () => 1), /description/],
  ["without a function", () => tool("T", {}, {} as never), /last argument/],
  ["with a name that cannot be one", () => tool("T", {}, { name: "a b" }, () => 1), /cannot be a tool's name/],
  ["with a timeout of 0", () => tool("T", {}, { timeoutMs: 0 }, () => 1), /timeoutMs/],
  ["with a timeout that is not a number", () => tool("T", {}, { timeoutMs: Number.NaN }, () => 1), /timeoutMs/],
  ["that is parallel and once", () => tool("T", {}, { parallel: true, once: () => "k" }, () => 1), /parallel and once/],
  ["with a result that is no schema", () => tool("T", {}, { result: {} as never }, () => 1), /not a schema/],
  ["with a parameter that is no schema", () => tool("T", { x: "string" as never }, () => 1), /Parameter "x"/],
  ["with a Date as a parameter", () => tool("T", { when: z.date() }, () => 1), /"when".*JSON/s],
  ["with parameters that are no object", () => tool("T", z.array(z.string()), () => 1), /not an object/],
  ["with valibot, which has no JSON Schema by itself", () => tool("T", { x: v.string() }, () => 1), /toStandardJsonSchema/],
  ["that takes secrets under any name", () => tool("T", z.object({}).catchall(z.string().meta({ secret: true })), () => 1), /secrets under names/],
])("a tool %s is refused at definition", (_, declare, text) => {
  expect(single(declare)).toThrow(invalid(text));
});

test.each<[string, () => unknown, RegExp]>([
  ["a required field without a default", () => conversationState(z.object({ n: z.number() })), /default/],
  ["a schema that is no object", () => conversationState(z.array(z.string()).default([])), /object schema|default/],
  ["a transform that changes its own output", () => conversationState(z.object({ n: z.number().default(0).transform((n) => n + 1) })), /changes its own output/],
  ["a secret", () => conversationState(z.object({ pin: z.string().meta({ secret: true }).optional() })), /state\.pin is marked secret/],
  ["a secret deep inside", () => conversationState(z.object({ users: z.array(z.object({ login: z.object({ pin: z.string().meta({ secret: true }) }) })).default([]) })), /pin is marked secret/],
  ["a secret behind a definition", () => {
    const node: z.ZodType = z.lazy(() => z.object({ pin: z.string().meta({ secret: true }), next: node.optional() }));
    return conversationState(z.object({ node: node.optional() }));
  }, /secret/],
  ["an asynchronous schema", () => conversationState(z.object({ n: z.number().default(0).refine(async () => true) })), /asynchronous/],
  ["a version of 0", () => conversationState(z.object({}), { version: 0 }), /version/],
  ["an upgrade beyond the version", () => conversationState(z.object({}), { upgrade: { 1: (old) => old } }), /upgrade/],
  ["a limit beyond 1 MiB", () => conversationState(z.object({}), { maxBytes: 1_048_577 }), /maxBytes/],
  ["a limit that is no number", () => conversationState(z.object({}), { maxBytes: Number.NaN }), /maxBytes/],
])("a conversation state with %s is refused at definition", (_, declare, text) => {
  expect(declare).toThrow(invalid(text));
});

test("a default or an enumeration that happens to say secret is none", () => {
  expect(() => conversationState(z.object({ flags: z.object({ secret: z.boolean() }).default({ secret: true }), secret: z.boolean().default(true) }))).not.toThrow();
});

test("arktype speaks for itself, as parameters and as state", async () => {
  class ArkAgent extends ConversimpleAgent {
    static override readonly agentId = "ark";
    readonly state = conversationState(type({ n: "number = 0", "note?": "string" }));
    add = tool("Add", { by: type("number > 0") }, ({ by }) => (this.state.n += by));
    put = tool("Put", type({ text: "string < 10" }), ({ text }) => void (this.state.note = text));
    spoil = tool("Spoil", () => void (this.state.n = "4711" as unknown as number));
  }
  const bench = await HostBench.start(new ArkAgent());
  await bench.open();
  expect(await bench.result("add", { by: 2 })).toBe(2);
  expect(await bench.result("put", { text: "ok" })).toBeNull();
  expect(await bench.stored()).toEqual({ n: 2, note: "ok" });
  for (const [name, input] of [["add", { by: -4711 }], ["add", { by: "4711" }], ["put", { text: "4711".repeat(9) }], ["put", { text: "a", more: 1 }], ["spoil", {}]] as const) {
    const outcome = await bench.call(name, input);
    expect(outcome).toMatchObject({ kind: "error", code: name === "spoil" ? "state_invalid" : "invalid_parameters" });
    expect(JSON.stringify(outcome)).not.toContain("4711");
  }
});

const open = async () => ({ sent: true });

test.each([
  ["undefined, as a session that is declared below its tool", undefined, /requires of tool wire_money is undefined\. Is it declared below the tool\?/],
  ["one of several that is undefined", [{ refusal: () => undefined }, undefined], /is undefined/],
  ["null", null, /neither a guard nor a function/],
  ["a name", "session", /neither a guard nor a function/],
  ["true", true, /neither a guard nor a function/],
  ["a method that was not called", (ms: number) => ({ refusal: () => (ms > 0 ? undefined : undefined) }), /was not called/],
])("a tool that requires %s is refused, not left open", (_, requires, message) => {
  class Bank extends ConversimpleAgent {
    static override readonly agentId = "bank";
    wireMoney = tool("Wire money", {}, { requires: requires as never }, open);
  }
  expect(() => defineAgent(new Bank())).toThrow(message);
});

test("a tool whose step is undefined is refused, not left open", () => {
  class Booking extends ConversimpleAgent {
    static override readonly agentId = "booking";
    confirm = tool("Confirm", {}, { step: undefined as never }, open);
  }
  expect(() => defineAgent(new Booking())).toThrow(/step of tool confirm is undefined/);
});

test("a predicate that gives nothing refuses in words that can be said", async () => {
  expect(await refusalOf([() => undefined as never])).toEqual({ error: "refused", message: "I can't do that right now." });
});

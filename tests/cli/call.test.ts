import { join } from "node:path";
import { expect, test } from "vitest";

import { cartAgent, Workplace } from "./program.ts";

async function served(): Promise<Workplace> {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  await place.dev();
  return place;
}

test("reads calls from a pipe and shows result, time and change of the state", async () => {
  const place = await served();
  const { code, out, err } = await place.run(["call"], { input: 'add_to_cart productId=P1 quantity=2\nadd_to_cart {"productId":"P 2"}\n/state\n' });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/✓ add_to_cart {2}[\d.]+ ms\n {2}\{ said: 'added', cartSize: 1 \}\n {2}\+ state\.cart\[0\] {2}\{ productId: 'P1', quantity: 2, addedAt: \d{4}-\S+ \}/);
  expect(out).toContain("productId: 'P 2'");
  expect(out).toContain("'P1' => 2n");
  expect(out).not.toContain("\u001b");
});

test("a call that fails makes the exit code of a pipe 1; a refusal does not", async () => {
  const place = await served();
  const failed = await place.run(["call"], { input: "explode\nadd_to_cart productId=P1\n" });
  expect(failed.code).toBe(1);
  expect(failed.out).toMatch(/✗ explode {2}tool_execution_error/);
  expect(failed.out).toContain("cartSize: 1");
  const refused = await place.run(["call", "shop"], { input: "refuse\n" });
  expect(refused.code).toBe(0);
  expect(refused.out).toContain("Not today.");
});

test("a line that cannot be understood is told on standard error, and the next one is called", async () => {
  const place = await served();
  const { code, err, out } = await place.run(["call"], { input: "ad_to_cart productId=P1\nadd_to_cart productId=P1\n" });
  expect(code).toBe(1);
  expect(err).toBe("There is no tool ad_to_cart. Did you mean add_to_cart? See /tools.\n");
  expect(out).toContain("cartSize: 1");
});

test("missing arguments in a pipe are the agent's to refuse", async () => {
  const place = await served();
  const { code, out } = await place.run(["call"], { input: "add_to_cart\n" });
  expect(code).toBe(1);
  expect(out).toMatch(/✗ add_to_cart {2}invalid_parameters[^]*productId/);
});

test("joins a conversation that is there, and goes on with its state", async () => {
  const place = await served();
  await place.run(["call", "shop", "--conversation", "mine"], { input: "add_to_cart productId=P1\n" });
  const { out } = await place.run(["call", "--conversation", "mine", "--json"], { input: "add_to_cart productId=P2\n" });
  expect(JSON.parse(out)).toMatchObject({ tool: "add_to_cart", result: { cartSize: 2 }, changes: [{ state: [["splice", ["cart"], 1, 0, [{ productId: "P2" }]], expect.anything()] }] });
});

test("/end ends the conversation, and it cannot be joined again", async () => {
  const place = await served();
  expect(await place.run(["call", "--conversation", "mine"], { input: "/end\n" })).toMatchObject({ code: 0, err: "" });
  const again = await place.run(["call", "--conversation", "mine"], { input: "" });
  expect(again.code).toBe(1);
  expect(again.err).toContain("has ended");
});

test("a script shows every step and fails where something is not as expected", async () => {
  const place = await served();
  place.write("script.json", JSON.stringify({
    agent: "shop",
    calls: [
      { tool: "add_to_cart", arguments: { productId: "P1" }, callId: "one", expect: { cartSize: 1 } },
      { tool: "add_to_cart", arguments: { productId: "P1" }, callId: "one", expect: { cartSize: 1 }, expectState: { state: { cart: [{ productId: "P1" }], notes: { P1: "1" } } } },
      { tool: "refuse", expect: { error: "tool_error" } },
      { tool: "add_to_cart", arguments: { productId: 5 }, expectError: "invalid_parameters" },
    ],
    end: true,
  }));
  expect(await place.run(["call", "--script", "script.json"])).toMatchObject({ code: 0, err: "", out: expect.stringContaining("4 calls as expected, conversation ended") as string });

  place.write("wrong.json", JSON.stringify({ agent: "shop", calls: [{ tool: "add_to_cart", arguments: { productId: "P1" }, expect: { cartSize: 7 }, expectState: { state: { cart: [] } } }, { tool: "explode" }] }));
  const wrong = await place.run(["call", "--script", "wrong.json"]);
  expect(wrong.code).toBe(1);
  expect(wrong.out).toContain("not as expected: result.cartSize is 1 instead of 7");
  expect(wrong.out).toContain("not as expected: state.cart has 1 items instead of 0");
  expect(wrong.out).toContain("not as expected: the call failed with tool_execution_error");
  expect(wrong.out).toContain("2 of 2 calls not as expected");
});

test.each([
  ["{", /it is not JSON/],
  ["[]", /the script must be an object/],
  ['{"calls":[{"tool":"x"}]}', /agent is missing/],
  ['{"agent":"shop","calls":[]}', /calls must be a list with at least one call/],
  ['{"agent":"shop","calls":[{"tool":"x"},{"tol":"y"}]}', /calls\[1\] has the unknown field "tol"/],
  ['{"agent":"shop","calls":[{"tool":"x","arguments":[]}]}', /calls\[0\]\.arguments must be an object/],
  ['{"agent":"shop","calls":[{"tool":5}]}', /calls\[0\]\.tool must be a text/],
])("a script %s is refused before anything is called", async (script, message) => {
  const place = new Workplace();
  place.write("script.json", script);
  const { code, err } = await place.run(["call", "--script", "script.json"]);
  expect(code).toBe(2);
  expect(err).toMatch(message);
});

test("says what to do when nothing runs, when the key is wrong and when the agent is not there", async () => {
  const empty = new Workplace();
  expect(await empty.run(["call"])).toMatchObject({ code: 1, err: expect.stringContaining("No conversimple dev was started in this folder") as string });
  const nobody = await empty.run(["call", "--url", "http://127.0.0.1:1", "--key", "cs_test_12345678"]);
  expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining("Nothing answers at http://127.0.0.1:1.") as string });

  const place = await served();
  const wrong = await place.run(["call", "shop", "--key", "cs_test_wrong_key"]);
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining("does not accept the key") as string });
  expect(wrong.err).not.toContain("cs_test_wrong_key");
  expect(await place.run(["call", "nobody"])).toMatchObject({ code: 1, err: expect.stringContaining("Running: shop") as string });
  expect(await place.run(["call", "--url", "http://example.com", "--key", "cs_test_12345678"])).toMatchObject({ code: 2, err: expect.stringContaining("unencrypted") as string });
});

test("says once that the state of a memory: store cannot be shown, and calls all the same", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  await place.dev(["."], ["--store", "memory:"]);
  const { code, out, err } = await place.run(["call"], { input: "add_to_cart productId=P1\nadd_to_cart productId=P1\n" });
  expect(code).toBe(0);
  expect(err.match(/The state is not shown/g)).toHaveLength(1);
  expect(out).toContain("cartSize: 2");
});

test("where no dev runs the state is that of CONVERSIMPLE_STORE, and else it is said how it is named", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const { url, key } = await place.dev();
  const elsewhere = new Workplace();
  const words = ["call", "--url", url];
  const without = await elsewhere.run(words, { input: "add_to_cart productId=P1\n", environment: { CONVERSIMPLE_API_KEY: key } });
  expect(without.err).toContain("The state is not shown: its store is not known here. Set CONVERSIMPLE_STORE as the agents have it\n");
  const told = await elsewhere.run(words, { input: "add_to_cart productId=P1\n", environment: { CONVERSIMPLE_API_KEY: key, CONVERSIMPLE_STORE: `sqlite:${join(place.path, ".conversimple/state.db")}` } });
  expect(told).toMatchObject({ code: 0, err: "", out: expect.stringContaining("+ state.cart[0]") as string });
});

test("a dev that was started with a key of its own asks for the same key", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const key = { CONVERSIMPLE_API_KEY: "cs_test_of_my_own" };
  const dev = place.start(["dev", ".", "--port", "0", "--host", "0.0.0.0"], key);
  await dev.says(/In a second terminal/);
  const without = await place.run(["call"]);
  expect(without).toMatchObject({ code: 1, err: expect.stringContaining("Set CONVERSIMPLE_API_KEY to the same key here.") as string });
  expect(await place.run(["call"], { input: "add_to_cart productId=P1\n", environment: key })).toMatchObject({ code: 0 });
});

test("says which tools are offered when a step changes them; what was offered before is still called, and refused", async () => {
  const place = new Workplace();
  place.write("agent.ts", `
    import { ConversimpleAgent, tool, workflow } from "conversimple";
    export class OrderAgent extends ConversimpleAgent {
      static override readonly agentId = "order";
      readonly order = workflow({ data: {}, initial: "idle", steps: { idle: { to: ["open"] }, open: { final: true, refusal: "You have ordered already." } } });
      begin = tool("Begin", {}, { step: this.order.at("idle") }, () => this.order.go("open"));
      look = tool("Look", () => this.order.step);
      finish = tool("Finish", {}, { step: this.order.at("open") }, () => "done");
    }`);
  await place.dev();
  const { code, out, err } = await place.run(["call"], { input: "finish {}\nbegin\nfinish\nbegin\n/tools\n" });
  expect(err).toBe("No tool finish is offered now; which are may change with every call. See /tools.\n");
  expect(out.split("\n").filter((line) => line.includes("now offered"))).toEqual(["  now offered: look, finish"]);
  expect(out).toMatch(/! begin[^]*step_not_allowed[^]*You have ordered already/);
  expect(out).not.toContain("begin  Begin");
  expect(code).toBe(1);
});

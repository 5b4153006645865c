import { existsSync, rmSync } from "node:fs";
import { expect, test } from "vitest";

import { cartAgent, isAlive, until, Workplace, type Dev } from "./program.ts";

const ADD_ONE = JSON.stringify({ agent: "shop", conversationId: "c1", calls: [{ tool: "add_to_cart", arguments: { productId: "P1", quantity: 2 }, expect: { cartSize: 1 } }] });
const ADD_ANOTHER = JSON.stringify({ agent: "shop", conversationId: "c1", calls: [{ tool: "add_to_cart", arguments: { productId: "P2" }, expect: { cartSize: 2 }, expectState: { state: { cart: [{ productId: "P1" }, { productId: "P2" }] } } }] });

function post(dev: Dev, path: string, body: unknown): Promise<Response> {
  return fetch(`${dev.url}/v1${path}`, { method: "POST", headers: { Authorization: `Bearer ${dev.key}`, "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

async function result(response: Response): Promise<Record<string, unknown>> {
  return ((await response.json()) as { result: Record<string, unknown> }).result;
}

test("after kill -9 and a new start the cart is still there and the conversation goes on", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  place.write("one.json", ADD_ONE);
  place.write("another.json", ADD_ANOTHER);

  const first = await place.dev();
  const played = await place.run(["call", "--script", "one.json"]);
  expect(played).toMatchObject({ code: 0, err: "" });
  await first.program.kill("SIGKILL");

  const shown = await place.run(["state", "show", "c1"]);
  expect(shown.out).toMatch(/productId: 'P1', quantity: 2, addedAt: \d{4}-/);

  await place.dev();
  expect(await place.run(["call", "--script", "another.json"])).toMatchObject({ code: 0, err: "" });
});

test("prints one URL, the agents with their tools and one next step", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const { program, url, page, key } = await place.dev();
  expect(program.out.match(/http:\/\/[^\s]+/g)).toEqual([page]);
  expect(program.out).not.toContain(key);
  expect(program.out).toMatch(/shop +add_to_cart {2}refuse {2}explode/);
  expect(program.out).toContain("conversimple call");
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ agents: ["shop"] });
});

test("prints a line for every commit, with ids and paths and without values", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  await post(dev, "/conversations", { agentId: "shop", conversationId: "line" });
  await post(dev, "/conversations/line/tool-calls", { tool: "add_to_cart", arguments: { productId: "CANARY-4711" } });
  await dev.program.says(/line +add_to_cart +ok +\d+ ms +state\.cart\[0\]/);
  await post(dev, "/conversations/line/tool-calls", { tool: "refuse" });
  await dev.program.says(/line +refuse +refused +\d+ ms +tool_error/);
  expect(dev.program.out).not.toContain("CANARY-4711");
});

test("shows what a tool threw and where, while the caller hears a reference only", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  await post(dev, "/conversations", { agentId: "shop", conversationId: "c1" });
  const response = await post(dev, "/conversations/c1/tool-calls", { tool: "explode" });
  expect(response.status).toBe(422);
  const text = await response.text();
  expect(text).not.toContain("fuse");
  const [, reference] = /Reference (\w+)/.exec(text)!;
  await dev.program.says(new RegExp(`TypeError: a fuse blew at agent\\.ts:\\d+:\\d+ .*${reference}`));
  await dev.program.says(/explode +failed/);
});

test("a save changes what the tool does and keeps the state", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent("before"));
  const dev = await place.dev();
  await post(dev, "/conversations", { agentId: "shop", conversationId: "c1" });
  expect(await result(await post(dev, "/conversations/c1/tool-calls", { tool: "add_to_cart", arguments: { productId: "P1" } }))).toEqual({ said: "before", cartSize: 1 });
  const { pid } = (await result(await post(dev, "/conversations/c1/tool-calls", { tool: "who_am_i" }))) as { pid: number };

  place.write("agent.ts", cartAgent("after"));
  await dev.program.says(/ready again: shop/);
  expect(isAlive(pid)).toBe(false);
  expect(await result(await post(dev, "/conversations/c1/tool-calls", { tool: "add_to_cart", arguments: { productId: "P2" } }))).toEqual({ said: "after", cartSize: 2 });
});

test("a save of an imported file reloads too", async () => {
  const place = new Workplace();
  place.write("words/greeting.ts", 'export const greeting = "hello";\n');
  place.write("agent.ts", `import { ConversimpleAgent, tool } from "conversimple";
import { greeting } from "./words/greeting.ts";
export class Greeter extends ConversimpleAgent { static override readonly agentId: string = "greeter"; greet = tool("Greet", () => ({ greeting })); }
`);
  const dev = await place.dev(["agent.ts"]);
  await post(dev, "/conversations", { agentId: "greeter", conversationId: "c1" });
  place.write("words/greeting.ts", 'export const greeting = "good morning";\n');
  await dev.program.says(/ready again: greeter/);
  expect(await result(await post(dev, "/conversations/c1/tool-calls", { tool: "greet" }))).toEqual({ greeting: "good morning" });
});

test("a syntax error is shown with its place; calls wait for the save that mends it", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  await post(dev, "/conversations", { agentId: "shop", conversationId: "c1" });
  await post(dev, "/conversations/c1/tool-calls", { tool: "add_to_cart", arguments: { productId: "P1" } });

  place.write("agent.ts", cartAgent().replace("push({", "push({{"));
  await dev.program.says(/The agents cannot run: agent\.ts:\d+/);
  const waiting = post(dev, "/conversations/c1/tool-calls", { tool: "add_to_cart", arguments: { productId: "P2" } });
  place.write("agent.ts", cartAgent("mended"));
  expect(await result(await waiting)).toEqual({ said: "mended", cartSize: 2 });
});

test("a start with a syntax error waits for the save that mends it", async () => {
  const place = new Workplace();
  place.write("agent.ts", "export class {");
  const program = place.start(["dev", "agent.ts", "--port", "0"]);
  await program.says(/The agents cannot run: agent\.ts:1/);
  place.write("agent.ts", cartAgent());
  expect((await program.says(/shop +(\S+)/))[1]).toBe("add_to_cart");
});

test("SIGTERM lets the running tool finish, its caller hears the answer, and the exit code is 0", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  await post(dev, "/conversations", { agentId: "shop", conversationId: "c1" });
  const running = post(dev, "/conversations/c1/tool-calls", { tool: "slow", arguments: { ms: 500 } });
  await dev.program.says(/slow began/);
  dev.program.process.kill("SIGTERM");
  expect(await result(await running)).toEqual({ cartSize: 1 });
  expect(await dev.program.ended).toMatchObject({ code: 0 });
  expect(existsSync(`${place.path}/.conversimple/running.json`)).toBe(false);
});

test("the agents' process ends with the process that started it, also by kill -9", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  await post(dev, "/conversations", { agentId: "shop", conversationId: "c1" });
  const { pid } = (await result(await post(dev, "/conversations/c1/tool-calls", { tool: "who_am_i" }))) as { pid: number };
  expect(isAlive(pid)).toBe(true);
  dev.program.process.kill("SIGKILL");
  await until(() => !isAlive(pid));
});

test("a port in use is told with another one to take", async () => {
  const place = new Workplace();
  const other = new Workplace();
  place.write("agent.ts", cartAgent());
  other.write("agent.ts", cartAgent());
  const { url } = await place.dev();
  const { port } = new URL(url);
  const ended = await other.run(["dev", ".", "--port", port]);
  expect(ended).toMatchObject({ code: 1, out: "" });
  expect(ended.err).toContain(`Port ${port} is in use.`);
  expect(ended.err).toContain("--port ");
});

test("a second dev in the same folder is told where the first one is", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const { url } = await place.dev();
  const ended = await place.run(["dev", ".", "--port", "0"]);
  expect(ended.code).toBe(1);
  expect(ended.err).toContain(`runs in this folder already (${url}`);
});

test("a crash of the agents' process is told and does not end the platform", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  await post(dev, "/conversations", { agentId: "shop", conversationId: "c1" });
  const { pid } = (await result(await post(dev, "/conversations/c1/tool-calls", { tool: "who_am_i" }))) as { pid: number };
  process.kill(pid, "SIGKILL");
  await dev.program.says(/ended by itself \(SIGKILL\)/);
  place.write("agent.ts", cartAgent("again"));
  expect(await result(await post(dev, "/conversations/c1/tool-calls", { tool: "add_to_cart", arguments: { productId: "P1" } }))).toEqual({ said: "again", cartSize: 1 });
});

test("a store that cannot be used ends dev with one line", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  place.write("notes.txt", "this is no database, but long enough to be looked at as one\n".repeat(100));
  const ended = await place.run(["dev", ".", "--port", "0", "--store", "sqlite:notes.txt"]);
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(/^conversimple: Cannot open the store sqlite:notes\.txt: .+\n$/);
});

test("an agent file that appears in the folder is served", async () => {
  const place = new Workplace();
  place.write("agents/agent.ts", cartAgent());
  const dev = await place.dev(["agents"]);
  place.write("agents/second-agent.ts", cartAgent("x", "second"));
  expect((await dev.program.says(/ready again: (.+)/))[1]).toBe("shop, second");
  const before = dev.program.out.length;
  rmSync(`${place.path}/agents/second-agent.ts`);
  expect((await dev.program.says(/ready again: (.+)\n/, before))[1]).toBe("shop");
});

test("dev goes on serving when nobody reads its output any more", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  dev.program.process.stdout!.destroy();
  await post(dev, "/conversations", { agentId: "shop", conversationId: "c1" });
  for (const cartSize of [1, 2]) expect(await result(await post(dev, "/conversations/c1/tool-calls", { tool: "add_to_cart", arguments: { productId: "P1" } }))).toMatchObject({ cartSize });
  expect(await dev.program.kill("SIGTERM")).toMatchObject({ code: 0 });
});

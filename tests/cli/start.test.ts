import { cpSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { LocalPlatform } from "../../src/platform/local-platform.ts";
import { cartAgent, Workplace } from "./program.ts";

const KEY = { CONVERSIMPLE_API_KEY: "cs_test_of_start" };

async function platform(): Promise<{ platform: LocalPlatform; url: string }> {
  const local = new LocalPlatform({ port: 0, apiKey: KEY.CONVERSIMPLE_API_KEY });
  const { url } = await local.start();
  onTestFinished(() => local.stop());
  return { platform: local, url };
}

test("serves the agents, logs JSON lines without values, and SIGTERM ends it with 0 after the running tool", async () => {
  const { platform: local, url } = await platform();
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const program = place.start(["start", "agent.ts", "--platform-url", url, "--store", "sqlite:state.db", "--health-port", "0"], KEY);
  const [line] = await program.says(/\{[^\n]*"serving"[^\n]*\}/);
  const { agents, healthPort } = JSON.parse(line) as { agents: string[]; healthPort: number };
  expect(agents).toEqual(["shop"]);
  expect((await fetch(`http://127.0.0.1:${healthPort}/health`)).status).toBe(200);

  const { conversationId } = await local.createConversation({ agentId: "shop" });
  expect(await local.callTool({ conversationId, tool: "add_to_cart", arguments: { productId: "CANARY" } })).toMatchObject({ kind: "result", json: '{"said":"added","cartSize":1}' });
  const running = local.callTool({ conversationId, tool: "slow", arguments: { ms: 300 } });
  await program.says(/slow began/);
  program.process.kill("SIGTERM");
  expect(await running).toMatchObject({ kind: "result", json: '{"cartSize":2}' });
  const ended = await program.ended;
  expect(ended).toMatchObject({ code: 0, err: "" });
  expect(ended.out).not.toContain("CANARY");
  for (const each of ended.out.trim().split("\n")) if (each !== "slow began") expect(() => JSON.parse(each) as unknown).not.toThrow();
});

test("answers for its health where --health-host says, and nowhere else", async () => {
  const { url } = await platform();
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const program = place.start(["start", "agent.ts", "--platform-url", url, "--store", "sqlite:state.db", "--health-port", "0", "--health-host", "127.0.0.2"], KEY);
  const { healthPort } = JSON.parse((await program.says(/\{[^\n]*"serving"[^\n]*\}/))[0]) as { healthPort: number };
  expect((await fetch(`http://127.0.0.2:${healthPort}/health`)).status).toBe(200);
  await expect(fetch(`http://127.0.0.1:${healthPort}/health`)).rejects.toThrow("fetch failed");
  program.process.kill("SIGTERM");
  expect((await program.ended).code).toBe(0);
});

test.each([
  ["without a key", ["start", "agent.ts"], {}, /^conversimple: CONVERSIMPLE_API_KEY is not set\./],
  ["with a store of an unknown kind", ["start", "agent.ts", "--store", "mysql:x"], KEY, /^conversimple: .*not known/],
  ["with an unencrypted platform elsewhere", ["start", "agent.ts", "--platform-url", "ws://example.com"], KEY, /^conversimple: .*unencrypted/],
  ["with a log level that is none", ["start", "agent.ts"], { ...KEY, CONVERSIMPLE_LOG_LEVEL: "loud" }, /^conversimple: There is no log level/],
])("%s it ends with 1 and one clear line", async (_name, words, environment, message) => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const ended = await place.run(words, { environment });
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(message);
  expect(ended.err).not.toContain("    at ");
});

test("a key that the platform refuses ends it with 1", async () => {
  const { url } = await platform();
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const ended = await place.run(["start", "agent.ts", "--platform-url", url], { environment: { CONVERSIMPLE_API_KEY: "cs_test_another_one" } });
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(/^conversimple: The platform refused the connection with HTTP 403/);
  expect(ended.out + ended.err).not.toContain("cs_test_another_one");
});

test.each([
  ["no agent", "export const x = 1;", /No agent is exported by agent\.ts/],
  ["a class that needs arguments", 'import { ConversimpleAgent } from "conversimple";\nexport class Shop extends ConversimpleAgent { static override readonly agentId: string = "shop"; constructor(catalogue: object) { super(); void catalogue; } }', /Shop in agent\.ts needs constructor arguments[^]*export const shop = new Shop\(\.\.\.\); or name the file that exports one: conversimple dev \.\/agents\/index\.ts/],
  ["a class whose base needs arguments", 'import { ConversimpleAgent } from "conversimple";\nclass Base extends ConversimpleAgent { constructor(catalogue: { size: number }) { super(); void catalogue.size; } }\nexport class Shop extends Base { static override readonly agentId: string = "shop"; }', /Shop in agent\.ts cannot be constructed: [^]*If it needs arguments: Export an instance/],
  ["a definition that contradicts itself", 'import { ConversimpleAgent, session } from "conversimple";\nexport class Shop extends ConversimpleAgent { static override readonly agentId: string = "shop"; readonly session = session({} as never); }', /Shop in agent\.ts cannot be constructed: (?![^]*Export an instance)/],
  ["an agent without an id", 'import { ConversimpleAgent } from "conversimple";\nexport class Shop extends ConversimpleAgent {}', /agent\.ts: Shop has no usable agentId/],
  ["a module that throws", 'throw new Error("the catalogue is closed");', /agent\.ts:1:\d+: the catalogue is closed/],
  ["a missing import", 'import "./nowhere.ts";', /agent\.ts cannot be loaded: Cannot find module/],
  ["an enum", "export enum Size { small }", /agent\.ts:1: TypeScript enum is not supported[^]*erasableSyntaxOnly/],
])("tells what is wrong with a module that has %s", async (_name, text, message) => {
  const place = new Workplace();
  place.write("agent.ts", text);
  const ended = await place.run(["start", "agent.ts"], { environment: KEY });
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(message);
});

test("two agents of one id are named with both files", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  place.write("second-agent.ts", cartAgent());
  expect((await place.run(["start", "."], { environment: KEY })).err).toContain('Two agents have the id "shop": in agent.ts and in second-agent.ts.');
});

test("an agent of another copy of the package is told what to do", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const copy = join(place.path, "node_modules/conversimple");
  const original = realpathSync(copy);
  rmSync(copy);
  mkdirSync(copy);
  cpSync(join(original, "dist"), join(copy, "dist"), { recursive: true });
  writeFileSync(join(copy, "package.json"), readFileSync(join(original, "package.json")));
  // What it depends on is installed beside it.
  symlinkSync(join(original, "node_modules"), join(copy, "node_modules"));
  const ended = await place.run(["start", "agent.ts"], { environment: KEY });
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(/agent\.ts imports another copy of conversimple[^]*npx conversimple/);
});

test("an instance that a module exports is served", async () => {
  const { url } = await platform();
  const place = new Workplace();
  place.write("agent.ts", `${cartAgent().replace("export class", "class")}\nexport const agent = new CartAgent();\nexport default agent;\n`);
  const program = place.start(["start", "agent.ts", "--platform-url", url, "--store", "memory:"], KEY);
  const [line] = await program.says(/\{[^\n]*"serving"[^\n]*\}/);
  expect(JSON.parse(line)).toMatchObject({ agents: ["shop"] });
});

test.each(["agents/clinic-agent.ts", "agents/z-agent.ts"])("an instance stands for its class, also when %s exports the class and another file the instance", async (file) => {
  const { url } = await platform();
  const place = new Workplace();
  place.write(file, cartAgent().replace("extends ConversimpleAgent {", "extends ConversimpleAgent { readonly #services: object; constructor(services: object) { super(); this.#services = services; }"));
  place.write("agents/index.ts", `import { CartAgent } from "./${basename(file)}";\nexport { CartAgent };\nexport const shop = new CartAgent({});\n`);
  const program = place.start(["start", "agents", "--platform-url", url, "--store", "memory:"], KEY);
  const [line] = await program.says(/\{[^\n]*"serving"[^\n]*\}/);
  expect(JSON.parse(line)).toMatchObject({ agents: ["shop"] });
});

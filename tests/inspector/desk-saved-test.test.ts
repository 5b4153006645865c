import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

import { BusyAgent, PHONE, PIN } from "./busy-agent.ts";
import { EXAMPLES, recording } from "./desk-calls.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const CLASSES: Readonly<Record<string, string>> = { stateful: "StatefulAgent", session: "SessionAgent", workflow: "WorkflowAgent", cache: "CachedAgent", customer: "CustomerAgent" };
const sourceOf = (example: string) => ({ file: join(root, "examples", example, "agent.ts"), name: CLASSES[example]!, isInstance: false });

/** A project in which tests are saved; it is inside of this one, so that it finds the packages. */
function project(): string {
  const folder = mkdtempSync(join(root, "tests/inspector/.saved-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", devDependencies: { vitest: "*" } }));
  const alias = (path: string) => JSON.stringify(join(root, "src", path));
  writeFileSync(
    join(folder, "vitest.config.ts"),
    `export default { resolve: { alias: [{ find: /^conversimple$/, replacement: ${alias("index.ts")} }, { find: /^conversimple\\/testing$/, replacement: ${alias("testing/index.ts")} }] }, test: { include: ["tests/calls/*.test.ts"] } };\n`,
  );
  return folder;
}

interface Run {
  readonly isGreen: boolean;
  readonly said: string;
}

function run(command: readonly string[], cwd: string): Run {
  try {
    return { isGreen: true, said: execFileSync(process.execPath, command, { cwd, encoding: "utf8", stdio: "pipe", timeout: 60_000, env: { ...process.env, NO_COLOR: "1", VITEST: undefined } }) };
  } catch (thrown) {
    const { stdout = "", stderr = "" } = thrown as { readonly stdout?: string; readonly stderr?: string };
    return { isGreen: false, said: stdout + stderr };
  }
}

const runVitest = (folder: string) => run([join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", folder, "--config", join(folder, "vitest.config.ts")], folder);

test("the dialogue of each example, saved as a test, passes as it is, and fails when something of it is changed", { timeout: 120_000 }, async () => {
  const folder = project();
  const files: Record<string, string> = {};
  for (const [name, { agent, hold }] of Object.entries(EXAMPLES)) {
    const made = await recording(await agent(), { source: sourceOf(name), folder });
    const call = await hold(made);
    const saved = await made.desk.test(call.id, true);
    await made.host.drain(0);
    expect(saved.savedAs).toBe(`tests/calls/${saved.fileName}`);
    files[name] = join(folder, saved.savedAs!);
    expect(readFileSync(files[name], "utf8")).toBe(saved.text);
    expect(saved.text).not.toMatch(/"(1234|0000|9999|9876)"|1 Main Street|555-1/);
    expect(saved.text.match(/call\.tool\(/g)!.length).toBeGreaterThan(5);
  }
  const green = runVitest(folder);
  expect(green.said).toContain(`${Object.keys(EXAMPLES).length} passed`);
  expect(green.isGreen).toBe(true);

  // One recorded value of each is another one: what was expected is not there any more.
  const changes: Readonly<Record<string, readonly [string, string]>> = {
    stateful: ['"get_cart_total", {}', '"get_summary", {}'],
    session: ['username: "Kim" } }', 'username: "Lee" } }'],
    workflow: ['result: "REAL-2026-03-01-2"', 'result: "REAL-2026-03-01-3"'],
    cache: ['value: { id: "P123", name: "Kettle", price: 29 }', 'value: { id: "P123", name: "Kettle", price: 30 }'],
    customer: ['items: ["P2"]', 'items: ["P8"]'],
  };
  for (const [name, [from, to]] of Object.entries(changes)) {
    const text = readFileSync(files[name]!, "utf8");
    expect(text, name).toContain(from);
    writeFileSync(files[name]!, text.replaceAll(from, to));
  }
  const red = runVitest(folder);
  expect(red.isGreen).toBe(false);
  expect(red.said).toContain(`${Object.keys(changes).length} failed`);
});

test("what is personal is a placeholder everywhere, and a file that is there is not overwritten", async () => {
  const folder = project();
  const made = await recording(new BusyAgent(), { source: { file: join(root, "tests/inspector/busy-agent.ts"), name: "BusyAgent", isInstance: false }, folder });
  const call = await made.ring("busy-1");
  await call.tool("phone", { phone: PHONE });
  await call.tool("login", { pin: PIN });
  await call.tool("price", { keys: ["a", "none"] });
  await call.tool("pay", { fails: true });
  await call.tool("boom");
  await call.during(made.desk.signal(call.id, "paid", { amount: 4 }, "inspector"));
  await call.during(made.desk.edit(call.id, { part: "form", patches: [["set", ["step"], "late"]] }, "inspector"));
  await made.clock.advance("90m");
  await call.tool("greet");
  const saved = await made.desk.test(call.id, true);
  expect(saved.text).not.toContain("canary");
  expect(saved.text).toContain('{ phone: "personal-1" }');
  // The schema of the PIN takes six digits.
  expect(saved.text).toContain('{ pin: "000001" }');
  expect(saved.remarks).toEqual([expect.stringContaining('The secret "pin" of login was a placeholder')]);
  expect((await made.desk.test(call.id, false)).savedAs).toBeUndefined();
  const again = await made.desk.test(call.id, true);
  expect([saved.savedAs, again.savedAs]).toEqual(["tests/calls/busy-1.test.ts", "tests/calls/busy-1-2.test.ts"]);
  const green = runVitest(folder);
  expect(green.said).toContain("2 passed");
  expect(green.isGreen).toBe(true);
});

test("personal values that the call needs as they were are written, and that is said", async () => {
  const folder = project();
  const made = await recording(new BusyAgent(), { folder });
  const call = await made.ring("busy-1");
  await call.tool("call_back", { phone: PHONE });
  const saved = await made.desk.test(call.id, false);
  expect(saved.text).toContain(PHONE);
  expect(saved.remarks.join(" ")).toMatch(/with placeholders the call does not go as it went.*file is not known/);
});

test("a test of code that does something else by now expects what it does, and says where that is", async () => {
  const agent = new BusyAgent();
  const made = await recording(agent, { folder: project() });
  const call = await made.ring("busy-1");
  await call.tool("greet");
  agent.seen.greeting = "Good evening";
  const { remarks, text } = await made.desk.test(call.id, false);
  expect(remarks[0]).toBe("At version 3 (greet) the agent's code gives something else than was recorded: state.log[1], result.said. The test expects what it gives now.");
  expect(text).toContain("Good evening");
});

test("a fork and a call that was resumed are saved with where they began", async () => {
  const folder = project();
  const made = await recording(new BusyAgent(), { source: { file: join(root, "tests/inspector/busy-agent.ts"), name: "BusyAgent", isInstance: false }, folder });
  const call = await made.ring("busy-1");
  await call.tool("greet");
  const { conversationId } = await made.desk.fork(call.id, 3, "a fork", "inspector");
  await made.host.open(conversationId, { agentId: "busy" });
  await made.host.invoke({ conversationId, callId: "x", tool: "greet", arguments: {} });
  const { text } = await made.desk.test(conversationId, true);
  expect(text).toContain("parts: {");
  const green = runVitest(folder);
  expect(green.said).toContain("1 passed");
});

test("without Vitest a test is one of Node's own", async () => {
  const folder = project();
  writeFileSync(join(folder, "package.json"), "{}");
  const made = await recording(new BusyAgent(), { folder });
  await made.ring("busy-1");
  expect((await made.desk.test("busy-1", false)).text).toContain('import { test } from "node:test";');
});

test("a saved test runs under Node's own runner, from the built package", { timeout: 60_000 }, async () => {
  const folder = project();
  const made = await recording(await EXAMPLES.stateful!.agent(), { source: sourceOf("stateful"), folder });
  const call = await EXAMPLES.stateful!.hold(made);
  const { savedAs, text } = await made.desk.test(call.id, true);
  // The package's own name is known inside of it only.
  rmSync(join(folder, "package.json"));
  writeFileSync(join(folder, savedAs!), text.replace('from "vitest"', 'from "node:test"'));
  const { said, isGreen } = run(["--test", join(folder, savedAs!)], folder);
  expect(said).toMatch(/pass 1/);
  expect(isGreen).toBe(true);
});

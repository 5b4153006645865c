import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";

import { inspectorToken } from "../../src/cli/dev/inspector-token.ts";
import { LocalPlatform } from "../../src/platform/index.ts";
import { until, Workplace, type Program } from "../cli/program.ts";
import { agentSource, CALLS, CANARIES, canariesIn, canariesInFiles, commandLines, ENCRYPTION_KEY } from "./journey.ts";

const { apiKey, card, password, pin, name } = CANARIES;

const environment = (level: string) => ({
  CONVERSIMPLE_API_KEY: apiKey,
  CONVERSIMPLE_LOG_LEVEL: level,
  CONVERSIMPLE_ENCRYPTION_KEYS: `2026:${ENCRYPTION_KEY}`,
  BANK_PASSWORD: password,
});

/** What a journey showed, by where. */
type Seen = Record<string, string>;

async function startDev(place: Workplace, env: Readonly<Record<string, string>>): Promise<{ program: Program; url: string; token: string }> {
  const program = place.start(["dev", ".", "--port", "0"], env);
  const [, url = "", token = ""] = await program.says(/(http:\/\/\S+)\/#token=(\S+)/);
  await program.says(/In a second terminal/);
  return { program, url, token };
}

/** Everything that `dev`, `call` and `state` show of the call; the processes have ended. */
async function playInDev(place: Workplace, env: Readonly<Record<string, string>>): Promise<Seen> {
  const seen: Seen = {};
  const show = async (what: string, words: readonly string[], input = "") => {
    const { out, err } = await place.run(words, { environment: env, input });
    seen[what] = out + err;
  };
  const first = await startDev(place, env);
  const typed = CALLS.map(([tool, input]) => `${tool} ${JSON.stringify(input)}`).join("\n");
  await show("call", ["call", "cards", "--conversation", "c1"], `${typed}\nsave_card {"number":"${card}\nsave_card {"number": ${card}}\nsave_card ${card}\nsave_card number="${card}\n/tools\n/state\n/history\n`);
  const watch = place.start(["state", "watch"], env);
  await watch.says(/watching/);
  await show("call --json", ["call", "cards", "--conversation", "c2", "--json"], `${typed}\n/state\n`);
  place.write("script.json", JSON.stringify({ agent: "cards", calls: [{ tool: "save_card", arguments: { number: card }, expect: { cards: 5 }, expectState: { state: { card: "4000", contacts: {} } } }, { tool: "tell_card", expect: { number: "4000" } }] }));
  await show("script", ["call", "--script", "script.json"]);
  await watch.says(/tell_card/);

  // A call that has begun, with everything in memory.
  const held = place.run(["call", "cards", "--conversation", "c3"], { environment: env, input: `hold ${JSON.stringify({ number: card, pin })}\n` });
  await until(() => existsSync(join(place.path, "held")));
  seen["files in mid-call"] = JSON.stringify(canariesInFiles(place));
  seen["command lines"] = commandLines(first.program.process.pid!);
  const view = async (id: string) => (await fetch(`${first.url}/v1/conversations/${id}`, { headers: { Authorization: `Bearer ${apiKey}` } })).text();
  seen["HTTP"] = (await view("c1")) + (await view("c3")) + (await (await fetch(`${first.url}/`)).text());
  Object.assign(seen, await throughInspector(first));
  for (const what of ["replay", "test"]) {
    const asked = await fetch(`${first.url}/inspector/api/conversations/c1/${what}`, { method: "POST", headers: { Authorization: `Bearer ${inspectorToken(apiKey)}`, "Content-Type": "application/json" }, body: "{}" });
    seen[`${what} of c1`] = await asked.text();
    expect(asked.status, seen[`${what} of c1`]).toBe(200);
  }
  await first.program.kill("SIGKILL");
  await held;
  place.write("gate", "");

  // Another process goes on; one record is damaged meanwhile.
  damage(place);
  const second = await startDev(place, env);
  await show("call again", ["call", "cards", "--conversation", "c3"], `hold ${JSON.stringify({ number: card, pin })}\n/state\n`);
  await show("call of a quarantined", ["call", "cards", "--conversation", "c2"], `save_card number=${card}\n/state\n`);
  await show("list", ["state", "list"]);
  await show("list --json", ["state", "list", "--json"]);
  for (const form of [[], ["--json"]]) {
    const how = form.join("");
    await show(`show ${how}`, ["state", "show", "c1", ...form]);
    await show(`show --at ${how}`, ["state", "show", "c1", "--at", "8", ...form]);
    await show(`history ${how}`, ["state", "history", "c1", ...form]);
    await show(`quarantine show ${how}`, ["state", "quarantine", "show", "c2", ...form]);
  }
  await show("show of a quarantined", ["state", "show", "c2", "--verbose"]);
  await show("quarantine list", ["state", "quarantine", "list"]);
  await show("doctor", ["state", "doctor"]);
  const ended = [await second.program.kill("SIGTERM"), await first.program.ended, await watch.kill("SIGTERM")];
  ["dev again", "dev", "watch"].forEach((what, index) => (seen[what] = ended[index]!.out + ended[index]!.err));
  seen["files"] = JSON.stringify(canariesInFiles(place));
  return seen;
}

/** What every reading route of the inspector says, and its events from the beginning. */
async function throughInspector({ url, token }: { url: string; token: string }): Promise<Seen> {
  const seen: Seen = {};
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const read = async (path: string, init: RequestInit = {}): Promise<string> => (await fetch(`${url}/inspector/api${path}`, { ...init, headers })).text();
  const at = JSON.parse(await read("/conversations/c1")) as { version: number };
  const paths = ["/info", "/agents", "/caches", "/conversations", "/conversations?search=c", ...["c1", "c2", "c3"].flatMap((id) => [`/conversations/${id}`, `/conversations/${id}/timeline`, `/conversations/${id}/export`, `/conversations/${id}/at/1`]), ...Array.from({ length: at.version }, (_, index) => `/conversations/c1/at/${index + 1}`)];
  for (const path of paths) seen[`inspector ${path}`] = await read(path);
  const calls = [["tell_card", {}], ["break_text", { number: card, pin }], ["break_state", { number: card }], ["save_card", { number: [card] }]] as const;
  for (const [tool, input] of calls) seen[`inspector calls ${tool}`] = await read("/conversations/c1/tool-calls", { method: "POST", body: JSON.stringify({ tool, arguments: input }) });
  const writes = { edit: { part: "state", patches: [["set", ["contacts", name], { phone: 5 }]] }, signal: { name: "x" }, fork: { version: 3, conversationId: "forked" }, replay: {}, test: {} };
  for (const [what, body] of Object.entries(writes)) seen[`inspector ${what}`] = await read(`/conversations/c1/${what}`, { method: "POST", body: JSON.stringify(body) });
  seen["inspector find"] = await read("/customers/find", { method: "POST", body: JSON.stringify({ customerId: name }) });
  seen["inspector fork read"] = await read("/conversations/forked/export");
  const events = await fetch(`${url}/inspector/api/events`, { headers: { ...headers, "Last-Event-ID": "0" } });
  let heard = "";
  for await (const bytes of events.body!) {
    heard += Buffer.from(bytes).toString("utf8");
    if (heard.includes(`"name":"break_state"`) && heard.split("\n").filter((line) => line.includes(`"name":"tell_card"`)).length > 2) break;
  }
  return { ...seen, "inspector events": heard };
}

/** Flips a byte of one record. */
function damage(place: Workplace): void {
  const file = new DatabaseSync(join(place.path, ".conversimple/state.db"), { timeout: 5_000 });
  file.exec("UPDATE owners SET record = replace(substr(record, 1, length(record) - 9), '\"', '\"') || CASE substr(record, length(record) - 8, 1) WHEN 'x' THEN 'y' ELSE 'x' END || substr(record, length(record) - 7) WHERE owner = 'conversation:c2'");
  file.close();
}

/** Where canaries are, and which. */
function hits(seen: Seen): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(seen).map(([where, text]) => [where, where.startsWith("files") ? [...new Set(Object.values(JSON.parse(text) as Record<string, string[]>).flat())] : canariesIn(text)] as const).filter(([, found]) => found.length > 0));
}

test("nothing private is in what dev, call and state show, in their files or in their arguments", { timeout: 120_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", agentSource(true));
  const seen = await playInDev(place, environment("debug"));
  expect(hits(seen)).toEqual({});
  // It was a real call: it came to where the private things are.
  expect(seen["call"]).toMatch(/break_text {2}tool_execution_error/);
  expect(seen["call"]).toMatch(/state_invalid/);
  expect(seen["call"]).toContain("•••");
  expect(seen["dev"]).toMatch(/pw=••• card ••• pin ••• of ••• key ••• at \/srv\/x/);
  expect(seen["show "]).toMatch(/number: '•••'/);
  expect(seen["watch"]).toContain("state.contacts");
  expect(seen["call again"]).toMatch(/held: true/);
  expect(seen["call of a quarantined"]).toContain("state_quarantined");
  expect(seen["HTTP"]).toContain('"brand":"visa"');
});

test("the same search finds the same agent's secrets where they are not marked", { timeout: 120_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", agentSource(false));
  const { CONVERSIMPLE_ENCRYPTION_KEYS: _keys, ...env } = environment("debug");
  const found = hits(await playInDev(place, env));
  const personal = ["card", "name", "phone"];
  expect(found).toMatchObject({ call: expect.arrayContaining(["card", "phone"]) as unknown, HTTP: expect.arrayContaining(["pin", "card"]) as unknown, "show ": expect.arrayContaining(personal) as unknown, "show --json": expect.arrayContaining(personal) as unknown });
  for (const where of ["/conversations/c1", "/conversations/c1/timeline", "/conversations/c1/export", "/conversations/c1/at/8", "events"]) expect(found[`inspector ${where}`]).toEqual(expect.arrayContaining(["card"]));
  for (const where of ["call --json", "script", "show --at ", "history ", "history --json", "watch", "dev", "call again"]) expect(Object.keys(found)).toContain(where);
  for (const where of ["files in mid-call", "files"]) expect(found[where]).toEqual(expect.arrayContaining(["pin", ...personal]));
});

test.each(["info", "debug"])("nothing private is in the log, the health and metrics endpoints and the files of production (%s)", { timeout: 60_000 }, async (level) => {
  const place = new Workplace();
  place.write("agent.ts", agentSource(true));
  await using platform = await startPlatform(place);
  const env = { ...environment(level), CONVERSIMPLE_STORE: "sqlite:.conversimple/state.db" };
  const begin = () => place.start(["start", ".", "--platform-url", platform.url, "--health-port", "0", "--connections", "shared"], env);
  const running = begin();
  const port = JSON.parse((await running.says(/\{.*"serving".*/))[0]) as { healthPort: number };
  await platform.createConversation("c1");
  const answers: string[] = [];
  for (const [tool, input] of CALLS) answers.push(JSON.stringify(await platform.call("c1", tool, input)));
  const endpoints = await Promise.all(["health", "metrics"].map(async (path) => (await fetch(`http://127.0.0.1:${port.healthPort}/${path}`)).text()));
  expect(endpoints.join("\n")).toContain("conversimple_tool_calls_total");
  void platform.call("c1", "hold", { number: card, pin }).catch(() => {});
  await until(() => existsSync(join(place.path, "held")));
  expect({ ...canariesInFiles(place), arguments: canariesIn(commandLines(running.process.pid!)) }).toEqual({ arguments: [] });
  const killed = await running.kill("SIGKILL");
  place.write("gate", "");
  const second = begin();
  await second.says(/"serving"/);
  expect(await platform.call("c1", "save_card", { number: card })).toMatchObject({ kind: "result" });
  const stopped = await second.kill("SIGTERM");
  const log = [killed, stopped].map(({ out, err }) => out + err).join("\n");
  expect(log).toContain("a tool failed");
  expect(log.includes("where the tool threw")).toBe(level === "debug");
  // The model hears what a tool returns: of all answers, this one.
  const told = answers.filter((answer) => canariesIn(answer).length > 0);
  expect(told.map((answer) => answer.includes('"brand\\":\\"visa\\"'))).toEqual([true]);
  expect({ log: canariesIn(log), endpoints: canariesIn(endpoints.join()), shown: canariesIn(JSON.stringify(platform.view("c1"))), files: canariesInFiles(place) }).toEqual({ log: [], endpoints: [], shown: [], files: {} });
});

test("a password in a store's address is in no output, whatever is wrong with the address", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", agentSource(true));
  for (const address of [`redis://u:${password}@127.0.0.1:9`, `postgres://u:${password}@127.0.0.1:9/db`, `u:${password}@host/db`, `https://u:${password}@host`, `sqlite://u:${password}@host/db`]) {
    for (const words of [["start", ".", "--platform-url", "http://127.0.0.1:9"], ["dev", ".", "--port", "0"], ["state", "list", "--verbose"]]) {
      const { code, out, err } = await place.run(words, { environment: { ...environment("debug"), CONVERSIMPLE_ENCRYPTION_KEYS: "", CONVERSIMPLE_SECRET: "x".repeat(16), CONVERSIMPLE_STORE: address } });
      expect(code).toBe(1);
      expect(err.length).toBeGreaterThan(50);
      expect(canariesIn(out + err)).toEqual([]);
    }
  }
});

async function startPlatform(place: Workplace) {
  const platform = new LocalPlatform({ port: 0, apiKey, dataPath: join(place.path, ".conversimple/platform.db") });
  const { url } = await platform.start();
  return {
    url,
    createConversation: (id: string) => platform.createConversation({ agentId: "cards", conversationId: id }),
    call: (conversationId: string, tool: string, input: object) => platform.callTool({ conversationId, tool, arguments: { ...input } }),
    view: (id: string) => platform.conversation(id),
    [Symbol.asyncDispose]: () => platform.stop(),
  };
}

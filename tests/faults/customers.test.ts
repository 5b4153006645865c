import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, customerState, openState, session, tool } from "../../src/index.ts";
import { AgentHost } from "../../src/host/agent-host.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";

const SECRET = "the secret of two processes";
const ITEMS = 1_000;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "customers-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Plays a call; with `killAt` only until so many items were answered, then the process is killed. */
async function play(path: string, conversationId: string, killAt?: number): Promise<Map<number, string>> {
  const script = fileURLToPath(new URL("customer-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script, path, conversationId, String(ITEMS)], { stdio: ["ignore", "pipe", "inherit"] });
  const answers = new Map<number, string>();
  const lines = createInterface(child.stdout).on("line", (line) => {
    const [n, json] = line.split(" ");
    answers.set(Number(n), json!);
    if (answers.size === killAt) child.kill("SIGKILL");
  });
  const [[code, signal]] = await Promise.all([once(child, "exit"), once(lines, "close")]);
  expect([code, signal]).toEqual(killAt === undefined ? [0, null] : [null, "SIGKILL"]);
  return answers;
}

test("two calls of one customer on two processes add 1,000 items each, with kills in between: none is lost, none is there twice", { timeout: 240_000 }, async () => {
  const path = join(folder(), "state.db");
  const both = await Promise.all(["c1", "c2"].map(async (id, index) => {
    const before = await play(path, id, 120 + 60 * index);
    const again = await play(path, id, 560);
    // By now the conversation's ledger has forgotten the first calls: they run again, their updates do not.
    const last = await play(path, id);
    for (const [n, json] of before) expect([again.get(n), last.get(n)]).toEqual([json, json]);
    return last;
  }));
  expect(both.map((answers) => answers.size)).toEqual([ITEMS, ITEMS]);
  const access = await openState(`sqlite:${path}`, { secret: SECRET });
  onTestFinished(() => access.close());
  const { items } = (await access.export("kim")).record!.parts!.customer!.data as { items: string[] };
  expect(new Set(items).size).toBe(2 * ITEMS);
  expect(items).toHaveLength(2 * ITEMS);
});

class CanaryAgent extends ConversimpleAgent {
  static override readonly agentId = "canary";
  readonly state = conversationState(z.object({ notes: z.array(z.string()).default([]) }), { maxBytes: 1_000_000 });
  readonly customer = customerState(z.object({ notes: z.array(z.string()).default([]) }), { maxBytes: 1_000_000 });
  readonly session = session({ user: z.object({ id: z.string() }) });
  login = tool("Log in", { id: z.string() }, async ({ id }) => {
    await this.session.login(id, () => ({ id }));
    await this.customer.identify(id);
  });
  note = tool("Note", { text: z.string() }, async ({ text }) => {
    this.state.notes.push(text);
    await this.customer.update(({ notes }) => notes.push(text));
    return { noted: text };
  });
}

/** How often a text is in the files of a database. */
function hits(path: string, canary: RegExp): number {
  return readdirSync(path).map((name) => readFileSync(join(path, name), "latin1").match(canary)?.length ?? 0).reduce((sum, count) => sum + count, 0);
}

test("after an erasure no byte of the customer is in the database or its WAL, also while another process keeps them open", { timeout: 60_000 }, async () => {
  const path = folder();
  const store = await openSqlite(join(path, "state.db"));
  const host = await AgentHost.start({ agents: [new CanaryAgent()], store, secret: SECRET });
  onTestFinished(async () => {
    await host.drain(0);
    await store.close();
  });
  const call = (conversationId: string, callId: string, name: string, input: unknown) => host.invoke({ conversationId, callId, tool: name, arguments: input });
  for (const [id, customer] of [["c1", "canary-kim"], ["c2", "canary-kim"], ["c3", "other-lee"]] as const) {
    await host.open(id, { agentId: "canary" });
    await call(id, "login", "login", { id: customer });
    // Short and long, so that they lie in pages, in overflow pages and in several versions of both.
    for (let n = 0; n < 40; n++) await call(id, `note-${n}`, "note", { text: `${customer} `.repeat(n % 4 === 0 ? 1_000 : 3) });
  }
  await host.close("c2", "hangup");
  await store.post("conversation:c1", { id: "m1", text: "canary-kim waits" });
  expect(hits(path, /canary-kim/g)).toBeGreaterThan(1_000);

  const access = await openState(`sqlite:${join(path, "state.db")}`, { secret: SECRET });
  const exported = JSON.stringify(await access.export("canary-kim"));
  expect(exported).toContain("canary-kim");
  expect(exported).not.toContain("other-lee");
  expect(await access.forget("canary-kim")).toMatchObject({ conversations: 2, accounts: 1 });
  await access.close();
  expect(hits(path, /canary-kim/g)).toBe(0);
  expect(hits(path, /other-lee/g)).toBeGreaterThan(100);

  // The call that goes on writes nothing back.
  expect(await call("c1", "late", "note", { text: "canary-kim" })).toMatchObject({ kind: "error" });
  expect(await call("c1", "later", "note", { text: "canary-kim" })).toMatchObject({ kind: "error", code: "conversation_ended" });
  await expect.poll(() => hits(path, /canary-kim/g), { timeout: 10_000, interval: 50 }).toBe(0);
});

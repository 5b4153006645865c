import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";

import type { AgentView, ConversationView, Info, InspectorEvent, TimelinePage } from "../../src/inspector/api.ts";
import { cartAgent, Workplace, type Dev } from "../cli/program.ts";
import { Listener } from "./page.ts";

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what is asked for is what is read
async function ask<T>(dev: Dev, path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const response = await fetch(`${dev.url}${path}`, { headers: { Authorization: `Bearer ${dev.token}`, "Content-Type": "application/json" }, ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }) });
  return { status: response.status, body: (await response.json()) as T };
}

async function listen(dev: Dev, lastId?: string): Promise<Listener> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const listener = new Listener(await fetch(`${dev.url}/inspector/api/events`, { headers: { Authorization: `Bearer ${dev.token}`, ...(lastId === undefined ? {} : { "Last-Event-ID": lastId }) }, signal: abort.signal }), abort);
  await listener.next(({ id }) => id !== undefined);
  return listener;
}

const isCommitOf = (name: string) => ({ event }: { event: InspectorEvent | undefined }): boolean => event?.type === "commit" && event.entry.name === name;

test("a call on the page is made, heard commit by commit, and shown", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  expect((await ask<Info>(dev, "/inspector/api/info")).body).toMatchObject({ mode: "dev", store: "sqlite:.conversimple/state.db", canWrite: true, canReveal: true, canTalk: true, canReplay: true, brains: ["rules"] });
  const listener = await listen(dev);
  expect(await ask(dev, "/inspector/api/conversations", { agentId: "shop", conversationId: "c1", state: { cart: [{ productId: "P0", quantity: 3, addedAt: { $date: 0 } }] } })).toEqual({ status: 201, body: { conversationId: "c1" } });
  expect((await ask(dev, "/inspector/api/conversations/c1/tool-calls", { tool: "add_to_cart", arguments: { productId: "P1" } })).body).toMatchObject({ kind: "result", result: { cartSize: 2 } });
  const { event } = await listener.next(isCommitOf("add_to_cart"));
  expect(event).toMatchObject({ row: { conversationId: "c1", agentId: "shop" }, entry: { result: { cartSize: 2 }, changes: { state: expect.arrayContaining([["splice", ["cart"], 1, 0, [expect.objectContaining({ productId: "P1" })]]]) as unknown } } });

  const { body: view } = await ask<ConversationView>(dev, "/inspector/api/conversations/c1");
  expect(view).toMatchObject({ parts: [{ name: "state", value: { cart: [{ productId: "P0", quantity: 3 }, { productId: "P1" }] } }] });
  expect(view.offeredTools).toContain("add_to_cart");
  expect((await ask(dev, "/inspector/api/conversations/c1/tool-calls", { tool: "explode" })).body).toMatchObject({ kind: "error", error: { type: "tool_execution_error" }, remedy: expect.stringContaining("threw") as string });
  expect(await listener.event("threw")).toMatchObject({ message: "TypeError: a fuse blew", places: [expect.stringMatching(/^agent\.ts:\d+/) as string] });
  const deleted = await fetch(`${dev.url}/inspector/api/conversations/c1`, { method: "DELETE", headers: { Authorization: `Bearer ${dev.token}` } });
  expect(deleted.status).toBe(200);
  await listener.next(({ event: heard }) => heard?.type === "commit" && heard.row.status === "ended");
});

test("the inspector's token opens the doors of scripts and callers, and not that of agents; the API key is no token", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  expect((await ask(dev, "/v1/conversations", { agentId: "shop", conversationId: "c1" })).status).toBe(201);
  const opened = (path: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${dev.url.replace("http", "ws")}${path}`);
      onTestFinished(() => socket.terminate());
      socket.on("open", () => resolve("open"));
      socket.on("error", (error) => resolve(error.message));
    });
  expect(await opened(`/callers/websocket?auth_token=${dev.token}`)).toBe("open");
  expect(await opened(`/sdk/websocket?auth_token=${dev.token}`)).toContain("403");
  expect(await opened(`/sdk/websocket?auth_token=${dev.key}`)).toBe("open");
  expect((await fetch(`${dev.url}/inspector/api/info`, { headers: { Authorization: `Bearer ${dev.key}` } })).status).toBe(401);
  for (const text of [dev.program.out, dev.program.err, place.read(".conversimple/running.json")]) expect(text).not.toContain(dev.key);
});

test("the page is at the address, under its policy; a foreign Host, Origin or page on another port reaches nothing", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  const page = await fetch(`${dev.url}/`);
  const html = await page.text();
  expect([page.status, page.headers.get("content-security-policy")?.startsWith("default-src 'none'; script-src 'self'"), page.headers.get("cache-control")]).toEqual([200, true, "no-cache"]);
  const [, script] = /src="\.\/(assets\/[^"]+\.js)"/.exec(html)!;
  const asset = await fetch(`${dev.url}/${script}`);
  expect([asset.status, asset.headers.get("cache-control"), asset.headers.get("x-content-type-options")]).toEqual([200, "public, max-age=31536000, immutable", "nosniff"]);
  for (const path of ["/assets/../../package.json", "/assets/%2e%2e/index.html", "/assets/none.js", "/inspector/api/none"]) expect((await fetch(`${dev.url}${path}`, { headers: { Authorization: `Bearer ${dev.token}` } })).status, path).toBe(404);
  const { port } = new URL(dev.url);
  const opened = (path: string, origin: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${dev.url.replace("http", "ws")}${path}?auth_token=${dev.token}`, { origin });
      onTestFinished(() => socket.terminate());
      socket.on("open", () => resolve("open"));
      socket.on("error", (error) => resolve(error.message));
    });
  for (const origin of ["https://evil.example", `http://127.0.0.1:${Number(port) + 1}`, "null"]) {
    for (const path of ["/", "/inspector/api/info", "/v1/conversations"]) expect((await fetch(`${dev.url}${path}`, { headers: { Authorization: `Bearer ${dev.token}`, Origin: origin } })).status, `${origin} ${path}`).toBe(403);
    expect(await opened("/callers/websocket", origin)).toContain("403");
  }
  expect(await opened("/callers/websocket", dev.url)).toBe("open");
});

test("reading goes on while the agents cannot run, hang, or are gone", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent().replace("explode = tool", 'hang = tool("Never end", () => { for (;;); });\n  explode = tool'));
  const dev = await place.dev();
  await ask(dev, "/v1/conversations", { agentId: "shop", conversationId: "c1" });
  await ask(dev, "/v1/conversations/c1/tool-calls", { tool: "add_to_cart", arguments: { productId: "P1" } });
  expect((await ask<AgentView[]>(dev, "/inspector/api/agents")).body).toMatchObject([{ agentId: "shop", isServed: true }]);
  const read = async (): Promise<void> => {
    expect(await ask<ConversationView>(dev, "/inspector/api/conversations/c1")).toMatchObject({ status: 200, body: { parts: [{ value: { cart: [{ productId: "P1" }] } }], offeredTools: [] } });
    expect((await ask<TimelinePage>(dev, "/inspector/api/conversations/c1/timeline")).body.entries.length).toBeGreaterThan(1);
    expect((await ask<AgentView[]>(dev, "/inspector/api/agents")).status).toBe(200);
  };
  const listener = await listen(dev);
  void ask(dev, "/v1/conversations/c1/tool-calls", { tool: "hang" }).catch(() => {});
  await listener.next(({ event }) => event?.type === "talk" && event.event.type === "call_delivered" && event.event.tool === "hang");
  await read();
  // A save replaces the process that hangs; the new one cannot start.
  place.write("agent.ts", "export class {");
  await dev.program.says(/The agents cannot run/);
  // Who looks at the page only hears why, too.
  await listener.next(({ event }) => event?.type === "agents" && /agent\.ts:1: SyntaxError/.test(event.failure?.message ?? ""));
  await read();
  expect((await ask<AgentView[]>(dev, "/inspector/api/agents")).body.filter(({ isServed }) => isServed)).toEqual([]);
});

test("after kill -9 and a new start the same address opens the page, and who listened goes on where they were", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const first = await place.dev();
  await ask(first, "/v1/conversations", { agentId: "shop", conversationId: "c1" });
  const listener = await listen(first);
  await ask(first, "/v1/conversations/c1/tool-calls", { tool: "add_to_cart", arguments: { productId: "P1" } });
  const { id: lastId } = await listener.next(isCommitOf("add_to_cart"));
  await ask(first, "/v1/conversations/c1/tool-calls", { tool: "refuse" });
  await listener.next(isCommitOf("refuse"));
  await first.program.kill("SIGKILL");
  await listener.over;

  const second = await place.dev(["."], ["--port", new URL(first.url).port]);
  expect(second.page).toBe(first.page);
  const again = await listen(second, lastId);
  expect((await again.event("commit")).entry.name).toBe("refuse");
});

test("with a store inside of the agents' process the page says why it cannot look", async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev(["."], ["--store", "memory:"]);
  expect(dev.program.out).toContain("memory:");
  expect((await ask<Info>(dev, "/inspector/api/info")).body).toMatchObject({ store: "memory:", canTalk: true });
  expect(await ask(dev, "/inspector/api/conversations")).toMatchObject({ status: 501, body: { error: { type: "not_available", remedy: expect.stringContaining("--store sqlite:") as string } } });
});

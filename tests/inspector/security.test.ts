import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { systemClock } from "../../src/base/clock.ts";
import { Assets } from "../../src/inspector/assets.ts";
import { Inspector } from "../../src/inspector/inspector.ts";
import { openInspectorServer } from "../../src/inspector/server.ts";
import { conversationOwner, type Store } from "../../src/state/store.ts";
import { openMemory } from "../../src/stores/memory.ts";
import { Page, TOKEN } from "./page.ts";

function memory(): Store {
  const store = openMemory();
  onTestFinished(() => store.close());
  return store;
}

/** Every route, with a body where one is taken. */
const ROUTES = [
  ["GET", "/info"], ["GET", "/agents"], ["GET", "/caches"], ["GET", "/events"], ["GET", "/conversations"], ["GET", "/conversations/c1"], ["GET", "/conversations/c1/at/1"],
  ["GET", "/conversations/c1/timeline"], ["GET", "/conversations/c1/export"], ["GET", `/customers/customer:${"x".repeat(43)}`],
  ["POST", "/conversations"], ["DELETE", "/conversations/c1"], ["POST", "/conversations/c1/reveal"], ["POST", "/conversations/c1/edit"], ["POST", "/conversations/c1/signal"], ["POST", "/conversations/c1/tool-calls"],
  ["POST", "/conversations/c1/fork"], ["POST", "/conversations/c1/replay"], ["POST", "/conversations/c1/test"], ["POST", "/customers/find"], ["POST", "/customers/edit"],
] as const;

/** A request as no browser would send it. */
function raw(port: number, options: { path: string; method?: string; headers?: Record<string, string> }): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (more: string) => (text += more)).on("end", () => resolve({ status: response.statusCode!, text, headers: response.headers }));
    });
    sent.on("error", reject).end();
  });
}

test.each(ROUTES)("%s %s needs the token, in the header and nowhere else", async (method, path) => {
  const page = await Page.of(memory());
  const url = `${page.origin}/inspector/api${path}`;
  const body = method === "POST" ? { body: "{}" } : {};
  const json = { "Content-Type": "application/json" };
  for (const [address, headers] of [
    [url, json],
    [url, { ...json, Authorization: "Bearer wrong" }],
    [url, { ...json, Authorization: `Basic ${TOKEN}` }],
    [`${url}?token=${TOKEN}`, json],
    [`${url}?auth_token=${TOKEN}`, json],
    [url, { ...json, Cookie: `token=${TOKEN}` }],
  ] as const) {
    const response = await fetch(address, { method, headers, ...body });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await response.json()).toMatchObject({ error: { type: "unauthorized", remedy: expect.stringContaining("#") as string } });
  }
});

test("a foreign Host or Origin reaches nothing, whatever token it has", async () => {
  const { server } = await Page.of(memory());
  const headers = { Authorization: `Bearer ${TOKEN}` };
  for (const host of [`evil:${server.port}`, "evil.example", "127.0.0.1.evil.example", "169.254.169.254", "localhost."]) {
    for (const path of ["/", "/inspector/api/info", "/inspector/api/events"]) expect((await raw(server.port, { path, headers: { ...headers, Host: host } })).status, `${host} ${path}`).toBe(403);
  }
  for (const origin of ["https://evil.example", "null", `http://evil.example:${server.port}`, "file://", `http://127.0.0.1:${server.port + 1}`]) {
    expect((await raw(server.port, { path: "/inspector/api/info", headers: { ...headers, Origin: origin } })).status, origin).toBe(403);
    expect((await raw(server.port, { path: "/inspector/api/conversations/c1/edit", method: "POST", headers: { ...headers, Origin: origin, "Content-Type": "application/json" } })).status, origin).toBe(403);
  }
  expect((await raw(server.port, { path: "/inspector/api/info", headers: { ...headers, Origin: `http://127.0.0.1:${server.port}` } })).status).toBe(200);
});

test("no other page may read an answer: nothing says that it may", async () => {
  const page = await Page.of(memory());
  const preflight = await fetch(`${page.origin}/inspector/api/conversations`, { method: "OPTIONS", headers: { "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization" } });
  expect([401, 404]).toContain(preflight.status);
  const { headers } = await page.get("/info");
  for (const answer of [preflight.headers, headers]) {
    expect(answer.get("access-control-allow-origin")).toBeNull();
    expect(answer.get("set-cookie")).toBeNull();
  }
  expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
  expect(headers.get("cache-control")).toBe("no-store");
});

test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])("a POST as %j, which a form could send, is refused", async (type) => {
  const page = await Page.of(memory());
  const { status, body } = await page.post("/customers/find", { customerId: "kim" }, { "Content-Type": type });
  expect([status, body]).toMatchObject([415, { error: { type: "unsupported_media_type" } }]);
});

test("a method that a route does not have does nothing", async () => {
  const page = await Page.of(memory());
  for (const [method, path] of [["DELETE", "/info"], ["PUT", "/conversations/c1"], ["PATCH", "/conversations"], ["TRACE", "/info"]] as const) {
    const { status } = await raw(page.server.port, { path: `/inspector/api${path}`, method, headers: { Authorization: `Bearer ${TOKEN}` } });
    expect([404, 405], `${method} ${path}`).toContain(status);
  }
});

test.each([
  "sort=version", "status=live'--", "status=", "limit=0", "limit=1001", "limit=1e3", "limit=-1", "order=asc", "customer=kim", "customer=customer:*", "status=live&status=ended",
  "cursor=x", "cursor=%00", `cursor=${Buffer.from('["\' OR 1=1",null]').toString("base64url")}`, `agent=${"x".repeat(257)}`, "agent=%00", "search=%0d%0a", "__proto__=1", "filter[status]=live", "$where=1",
])("conversations?%s is refused", async (query) => {
  const page = await Page.of(memory());
  const { status, body } = await page.get(`/conversations?${query}`);
  expect([status, body]).toMatchObject([400, { error: { type: expect.stringMatching(/^(option|id)_invalid$/) as string } }]);
  expect(JSON.stringify(body)).not.toContain("OR 1=1");
});

test("a search is a text, not a pattern: it takes no longer for being one", async () => {
  const store = memory();
  await store.commit(conversationOwner(`${"a".repeat(200)}!`), { writeId: "w", expectedVersion: 0, epoch: 0, record: "x" });
  const page = await Page.of(store);
  for (const search of ["^(a+)+$", "%", "_", "*", "\\", "[", "a' OR '1'='1"]) expect((await page.get<{ items: unknown[] }>(`/conversations?search=${encodeURIComponent(search)}`)).body.items, search).toEqual([]);
  expect((await page.get<{ items: unknown[] }>("/conversations?search=AAA!")).body.items).toHaveLength(1);
});

test("an id is looked up as it is written, whatever it is", async () => {
  const store = memory();
  const ids = ["../../x", "a}{b", "{}", "';DROP TABLE owners--", "%", "*", "a/b", "ä", "a\u0308", "<img src=x onerror=alert(1)>", "__proto__"];
  for (const id of ids) await store.commit(conversationOwner(id), { writeId: id, expectedVersion: 0, epoch: 0, facts: { status: "live", agentId: id, customer: null, endReason: null, expiresAtMs: null } });
  const page = await Page.of(store);
  for (const id of ids) expect((await page.get(`/conversations/${encodeURIComponent(id)}`)).body, id).toMatchObject({ conversationId: id, agentId: id });
  for (const id of ["x\r\nDEL y", "\0", "\ud800", "x".repeat(257)]) expect((await raw(page.server.port, { path: `/inspector/api/conversations/${encodeURIComponent(id.toWellFormed() === id ? id : "%ED%A0%80")}`, headers: { Authorization: `Bearer ${TOKEN}` } })).status, JSON.stringify(id)).toBeGreaterThanOrEqual(400);
});

test("a body is bounded, in bytes and in depth, and takes no field that there is not", async () => {
  const page = await Page.of(memory());
  expect((await page.post("/customers/find", { customerId: "x".repeat(2 * 1_048_576) })).status).toBe(413);
  const sent = (body: string): Promise<Response> => fetch(`${page.origin}/inspector/api/conversations/c1/edit`, { method: "POST", headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" }, body });
  const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
  for (const body of [`{"part":"state","patches":[["set",[],${deep}]]}`, `{"part":${deep}}`, deep]) expect((await sent(body)).status).toBe(400);
  expect(await page.post("/customers/find", { customerId: "kim", isAdmin: true })).toMatchObject({ status: 400, body: { error: { type: "option_invalid" } } });
  for (const patches of [[["set", ["__proto__", "x"], 1]], [["constructor"]], [["set", "cart", 1]], [["splice", [], -1, 0, []]], {}, []]) expect(await page.post("/conversations/c1/edit", { part: "state", patches }), JSON.stringify(patches)).toMatchObject({ status: 400 });
  for (const body of ["{", "", "null", "[]", "1"]) expect((await sent(body)).status).toBe(400);
  expect(({} as { x?: unknown }).x).toBeUndefined();
});

test("10,000 requests at once are answered or told to come again, and then it is as before", { timeout: 120_000 }, async () => {
  const store = memory();
  const slow = new Proxy(store, { get: (target, key) => (key === "list" ? async (...input: Parameters<Store["list"]>) => (await new Promise((resolve) => setTimeout(resolve, 20)), target.list(...input)) : (Reflect.get(target, key, target) as (() => unknown) | string)) });
  const inspector = new Inspector({ store: slow, address: "memory:", token: TOKEN, mode: "dev", version: "1", clock: systemClock, canWrite: true, canReveal: true, onFault: () => {} });
  const ask = (): Promise<Response> => inspector.fetch(new Request("http://127.0.0.1/inspector/api/conversations", { headers: { Authorization: `Bearer ${TOKEN}` } }));
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(Array.from({ length: 10_000 }, ask))) counts[status] = (counts[status] ?? 0) + 1;
  expect(counts).toEqual({ 200: 64, 503: 9_936 });
  expect((await ask()).status).toBe(200);
  // The same over sockets. Each request has a connection of its own: on one that is kept, a client that is kept waiting for
  // the processor can meet the server's own time limit, which says nothing about a flood.
  const page = await Page.of(slow);
  const over = await Promise.all(Array.from({ length: 2_000 }, () => aloneOn(`${page.origin}/inspector/api/conversations`)));
  expect(over.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect(over.filter((status) => status === 200).length).toBeGreaterThan(0);
  expect(await aloneOn(`${page.origin}/inspector/api/conversations`)).toBe(200);
});

/** The status of a request on a connection of its own. */
function aloneOn(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false, headers: { Authorization: `Bearer ${TOKEN}` } }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode!)).on("error", reject);
    });
    asked.on("error", reject);
  });
}

test("an inspector that only reads writes nothing and shows nothing in clear", async () => {
  const store = memory();
  await store.commit(conversationOwner("c1"), { writeId: "w", expectedVersion: 0, epoch: 0 });
  const page = await Page.of(store, { canWrite: false, canReveal: false, mode: "production" });
  expect((await page.get("/info")).body).toMatchObject({ mode: "production", canWrite: false, canReveal: false, canTalk: false, canReplay: false, brains: [] });
  const bodies: Record<string, unknown> = { reveal: { reason: "to see" }, edit: { part: "state", patches: [["set", ["x"], 1]] }, signal: { name: "x" }, "tool-calls": { tool: "x" }, fork: { version: 1 } };
  for (const [what, body] of Object.entries(bodies)) expect(await page.post(`/conversations/c1/${what}`, body), what).toMatchObject({ status: 403, body: { error: { type: "forbidden", remedy: expect.stringContaining("allow") as string } } });
  expect((await page.post("/customers/edit", { agentId: "a", customerId: "b", patches: [["set", ["x"], 1]] })).status).toBe(403);
  expect((await fetch(`${page.origin}/inspector/api/conversations/c1`, { method: "DELETE", headers: { Authorization: `Bearer ${TOKEN}` } })).status).toBe(403);
  expect((await page.post("/conversations/c1/replay", {})).status).toBe(501);
  expect((await store.load(conversationOwner("c1")))!.version).toBe(1);
  expect((await store.load(conversationOwner("c1")))!.mail).toBe(0);
});

test("an unexpected failure is reported, and says nothing outside", async () => {
  const store = memory();
  const broken = new Proxy(store, { get: (target, key) => (key === "list" ? () => Promise.reject(new Error("pw=canary at /srv/x")) : (Reflect.get(target, key, target) as () => unknown)) });
  const page = await Page.of(broken);
  const { status, text } = await page.get("/conversations");
  expect([status, JSON.parse(text)]).toEqual([500, { error: { type: "internal_error", message: "The inspector failed. The log says where." } }]);
  expect(page.faults).toHaveLength(1);
});

test("beyond this machine it does not listen without a token of its own, and a short one is none", async () => {
  const store = memory();
  const options = { store, address: store.address, port: 0, mode: "production", version: "1", clock: systemClock, canWrite: false, canReveal: false, onFault: () => {} } as const;
  await expect(openInspectorServer({ ...options, hostname: "0.0.0.0" })).rejects.toMatchObject({ code: "option_invalid", message: expect.stringContaining("CONVERSIMPLE_INSPECTOR_TOKEN") as string });
  await expect(openInspectorServer({ ...options, hostname: "::" })).rejects.toMatchObject({ code: "option_invalid" });
  const short = await openInspectorServer({ ...options, token: "short-canary" }).catch((thrown: unknown) => thrown as Error);
  expect(short).toMatchObject({ code: "option_invalid" });
  expect((short as Error).message).not.toContain("short-canary");

  const made = await openInspectorServer(options);
  onTestFinished(() => made.close());
  const [, token] = /^http:\/\/127\.0\.0\.1:\d+\/#token=(ci_[\w-]{32})$/.exec(made.url)!;
  expect((await raw(made.port, { path: "/inspector/api/info", headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
  const given = await openInspectorServer({ ...options, token: TOKEN, hostname: "0.0.0.0" });
  onTestFinished(() => given.close());
  expect(given.url).not.toContain(TOKEN);
  expect((await raw(given.port, { path: "/inspector/api/info", headers: { Authorization: `Bearer ${TOKEN}`, Host: "evil.example" } })).status).toBe(403);
});

test("a port that is taken is said, and nothing stays open", async () => {
  const store = memory();
  const options = { store, address: store.address, mode: "production", version: "1", clock: systemClock, canWrite: false, canReveal: false, onFault: () => {} } as const;
  const first = await openInspectorServer({ ...options, port: 0 });
  onTestFinished(() => first.close());
  await expect(openInspectorServer({ ...options, port: first.port })).rejects.toMatchObject({ code: "option_invalid", message: expect.stringContaining(String(first.port)) as string });
  await first.close();
  const next = await openInspectorServer({ ...options, port: first.port });
  onTestFinished(() => next.close());
  expect(next.port).toBe(first.port);
});

function builtPage(): string {
  const folder = mkdtempSync(join(tmpdir(), "console-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "page/assets"), { recursive: true });
  writeFileSync(join(folder, "secret.html"), "outside");
  writeFileSync(join(folder, "page/index.html"), '<!doctype html><script src="./assets/main-1a2b.js"></script>');
  writeFileSync(join(folder, "page/assets/main-1a2b.js"), "console.log(1)".repeat(100));
  writeFileSync(join(folder, "page/.env"), "KEY=1");
  writeFileSync(join(folder, "page/notes.txt"), "notes");
  symlinkSync(join(folder, "secret.html"), join(folder, "page/link.html"));
  return join(folder, "page");
}

test("the page is its files and nothing else, under a strict policy", async () => {
  const folder = builtPage();
  const inspector = new Inspector({ store: undefined, address: "memory:", token: TOKEN, mode: "dev", version: "1", clock: systemClock, canWrite: true, canReveal: true, onFault: () => {} }, Assets.read([folder]));
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> => inspector.fetch(new Request(`http://127.0.0.1${path}`, { headers }));
  for (const path of ["/", "/inspector", "/inspector/", "/inspector/index.html"]) {
    const page = await get(path);
    expect([page.status, page.headers.get("content-type"), page.headers.get("cache-control")], path).toEqual([200, "text/html; charset=utf-8", "no-cache"]);
    const policy = page.headers.get("content-security-policy")!;
    expect(policy).toMatch(/^default-src 'none'; /);
    for (const part of ["script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) expect(policy).toContain(part);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect([page.headers.get("x-content-type-options"), page.headers.get("referrer-policy")]).toEqual(["nosniff", "no-referrer"]);
  }
  for (const path of ["/assets/main-1a2b.js", "/inspector/assets/main-1a2b.js"]) {
    const script = await get(path, { "Accept-Encoding": "gzip, br" });
    expect([script.status, script.headers.get("cache-control"), script.headers.get("content-encoding")]).toEqual([200, "public, max-age=31536000, immutable", "gzip"]);
  }
  for (const path of ["/../secret.html", "/inspector/..%2fsecret.html", "/inspector/%2e%2e/secret.html", "/assets/..%5c..%5csecret.html", "//secret.html", "/inspector//etc/passwd", "/.env", "/notes.txt", "/link.html", "/__proto__", "/constructor", "/assets/", "/assets/main-1a2b.js/", "/assets/main-1a2b.js%00.html", "/inspector/inspector/index.html"]) {
    const { status } = await get(path);
    expect(status, path).toBe(404);
  }
  expect((await inspector.fetch(new Request("http://127.0.0.1/index.html", { method: "POST" }))).status).toBe(404);
});

test("without a built page the API is there all the same, and without a store it says why it cannot read", async () => {
  const inspector = new Inspector({ store: undefined, address: "memory:", token: TOKEN, mode: "dev", version: "1", clock: systemClock, canWrite: true, canReveal: true, onFault: () => {} }, Assets.read([]));
  expect(inspector.hasPage).toBe(false);
  const get = (path: string): Promise<Response> => inspector.fetch(new Request(`http://127.0.0.1${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } }));
  expect((await get("/")).status).toBe(404);
  expect((await get("/inspector/api/info")).status).toBe(200);
  for (const path of ["/conversations", "/conversations/c1", "/events"]) {
    const response = await get(`/inspector/api${path}`);
    expect([response.status, await response.json()]).toMatchObject([501, { error: { type: "not_available", remedy: expect.stringContaining("sqlite:") as string } }]);
  }
});

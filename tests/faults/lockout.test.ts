// Lockout over real processes on one database file.                                                   (P18)

import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Outcome } from "../../src/host/host.ts";

let folder: string;
let children: Server[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lockout-"));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((server) => server.kill()));
  rmSync(folder, { recursive: true, force: true });
});

const NO = JSON.stringify({ success: false, error: "Invalid credentials" });

class Server {
  readonly child: ChildProcess;
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();
  readonly #exited: Promise<unknown>;

  constructor(stop = false) {
    const script = fileURLToPath(new URL("login-process.ts", import.meta.url));
    this.child = fork(script, [join(folder, "state.db"), join(folder, "looks"), ...(stop ? ["stop"] : [])], { execArgv: [] });
    this.#exited = once(this.child, "exit");
    this.child.on("message", (message: string | { callId: string; outcome: Outcome }) => {
      if (typeof message === "object") this.#waiting.get(message.callId)?.(message.outcome);
    });
    children.push(this);
  }

  /** Resolves when the process says this word. */
  async says(word: string): Promise<void> {
    for (;;) if ((await once(this.child, "message"))[0] === word) return;
  }

  /** Logs in and gives the answer's text. */
  async login(conversationId: string, callId: string, pin: string): Promise<string> {
    const outcome = new Promise<Outcome>((resolve) => this.#waiting.set(callId, resolve));
    this.child.send({ conversationId, callId, tool: "login", arguments: { account: "kim", pin } });
    const { kind, ...rest } = await outcome;
    return kind === "result" ? (rest as { json: string }).json : JSON.stringify({ kind, ...rest });
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.#exited;
  }
}

async function served(stop = false): Promise<Server> {
  const server = new Server(stop);
  await server.says("ready");
  return server;
}

function looks(): number {
  const log = join(folder, "looks");
  return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").length : 0;
}

test("50 wrong PINs at the same time, in 5 conversations on 2 processes: five are looked at, and then the right one is answered like a wrong one", { timeout: 60_000 }, async () => {
  const [first, second] = await Promise.all([served(), served()]);
  const serverOf = (conversation: number) => (conversation % 2 === 0 ? first : second);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => serverOf(index % 5).login(`c${index % 5}`, `wrong-${index}`, String(index).padStart(4, "0"))),
  );
  expect(new Set(answers)).toEqual(new Set([NO]));
  expect(looks()).toBe(5);
  const right = await Promise.all([first.login("fresh-1", "right-1", "1234"), second.login("fresh-2", "right-2", "1234"), first.login("c0", "right-3", "1234")]);
  expect(new Set(right)).toEqual(new Set([NO]));
  expect(looks()).toBe(5);
});

test("kill -9 after the attempt was counted and before the secret was looked at leaves it counted; its redelivery counts again", { timeout: 60_000 }, async () => {
  const dying = await served(true);
  const counted = dying.says("counted");
  void dying.login("c1", "call-1", "0000");
  await counted;
  expect(looks()).toBe(0);
  await dying.kill();

  const next = await served();
  expect(await next.login("c1", "call-1", "0000")).toBe(NO);
  for (let attempt = 2; attempt <= 4; attempt++) expect(await next.login("c1", `call-${attempt}`, "0000")).toBe(NO);
  expect(looks()).toBe(4);
  expect(await next.login("c1", "call-5", "1234")).toBe(NO);
  expect(looks()).toBe(4);
});

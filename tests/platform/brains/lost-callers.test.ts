// Callers who are gone without a word: their network is, or the platform was when they hung up.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import type { LocalPlatform } from "../../../src/platform/index.ts";
import { agent, http, KEY, platform } from "../clients.ts";
import { RelayCaller } from "./relay-caller.ts";

const query = (conversation: string) => ({ agent: "a", auth_token: KEY, conversation });

/** Rings in a conversation, until something was said. */
async function ring(url: string, conversation: string, autoPong = true): Promise<RelayCaller> {
  const line = await new RelayCaller(url, query(conversation), {}, autoPong).setup();
  line.prompt("help");
  await line.utterance(1);
  return line;
}

/** A platform that is killed in the middle of what the callback does. */
async function killedAfter(dataPath: string, run: (url: string) => Promise<unknown>): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../platform-process.ts", import.meta.url)), dataPath, "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const port = Number(String((await once(child.stdout, "data"))[0]).trim());
  await agent(port);
  await run(`http://127.0.0.1:${port}`);
  child.kill("SIGKILL");
  await exited;
}

/** Until lines are pinged, and what they answer has arrived: before what they say next is. */
async function halfAMinute(clock: SimulatedClock, lines: readonly RelayCaller[]): Promise<void> {
  const pinged = Promise.all(lines.map(({ socket }) => once(socket, "ping")));
  await clock.advance("30s");
  await pinged;
  for (const line of lines) await line.send("no frame").hears("error");
}

/** Why a conversation is over; null while it goes on. */
const endOf = ({ local }: { local: LocalPlatform }, id: string) => local.conversation(id).reason;

test("who was on the line when the platform was killed has a minute from its return; nobody waits for a caller where none rang", async () => {
  const folder = mkdtempSync(join(tmpdir(), "conversimple-lost-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const dataPath = join(folder, "platform.db");
  await killedAfter(dataPath, async (url) => {
    for (const id of ["begun", "prepared"]) await http(url, "POST", "/v1/conversations", { agentId: "a", conversationId: id });
    for (const id of ["prepared", "returns", "gone"]) await ring(url, id);
  });
  const clock = new SimulatedClock();
  await using again = await platform({ dataPath, clock });
  await agent(again.port);
  const back = await ring(again.url, "returns");
  await halfAMinute(clock, [back]);
  await clock.advance("29s");
  for (const id of ["begun", "prepared", "returns", "gone"]) expect(endOf(again, id)).toBe(null);
  await clock.advance("2s");
  await expect.poll(() => endOf(again, "gone")).toBe("caller_lost");
  await expect.poll(() => endOf(again, "prepared")).toBe("caller_lost");
  for (const id of ["begun", "returns"]) expect(endOf(again, id)).toBe(null);
  back.socket.close(1000);
  await expect.poll(() => endOf(again, "returns")).toBe("hangup");
});

test("a line that answers no ping is lost after the second one, and its call ends a minute later; one that answers stays", async () => {
  const clock = new SimulatedClock();
  await using server = await platform({ clock });
  await agent(server.port);
  const silent = await ring(server.url, "silent", false);
  const there = await ring(server.url, "there");
  await halfAMinute(clock, [silent, there]);
  await clock.advance("30s");
  expect(await silent.closed).toBe(1006);
  expect(endOf(server, "silent")).toBe(null);
  await expect.poll(async () => (await clock.advance("20s"), endOf(server, "silent"))).toBe("caller_lost");
  expect(endOf(server, "there")).toBe(null);
});

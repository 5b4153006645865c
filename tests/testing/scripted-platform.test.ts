// The scripted platform against the real link and the real host: whatever the weather, each call is applied once and
// answered with one answer.

import { expect, test } from "vitest";
import { PlatformLink } from "../../src/adapters/conversimple/platform-link.ts";
import { AgentHost } from "../../src/host/agent-host.ts";
import { openStore } from "../../src/stores/index.ts";
import { ScriptedPlatform, SimulatedClock, type ScriptedPlatformOptions } from "../../src/testing/index.ts";
import { BankAgent } from "./bank-agent.ts";

/** A host with its link on a scripted platform. */
async function served(options: ScriptedPlatformOptions = {}, connections: "shared" | "per-conversation" = "per-conversation") {
  const clock = new SimulatedClock();
  const store = await openStore("memory:", { clock });
  const agent = new BankAgent();
  const host = await AgentHost.start({ agents: [agent], store, clock });
  const platform = new ScriptedPlatform({ clock, ...options });
  const link = new PlatformLink({ host, connect: platform.connect, clock, random: platform.random, connections });
  void link.start().catch(() => {});
  const balance = async (id: string) => (await agent.getState(id))?.balance;
  const stop = async () => {
    host.abandon();
    await clock.until(link.stop(), "1m");
  };
  return { clock, host, platform, link, balance, stop };
}

test("in fair weather no time is needed: announced, called, answered, ended", async () => {
  const { clock, platform, host, stop } = await served();
  const begun = clock.now();
  expect(await platform.announce("v1", "bank")).toContain("deposit");
  expect(await platform.call("v1", "deposit", { amount: 5 })).toEqual({ kind: "result", result: { balance: 105, runs: 1 } });
  expect(await platform.call("v1", "deposit", { amount: -5 })).toMatchObject({ kind: "error", error: { type: "invalid_parameters" } });
  expect(clock.now()).toBe(begun);
  expect(platform.weather.decisions).toEqual([]);
  platform.end("v1");
  await clock.advance(0);
  expect(host.health().conversations).toBe(0);
  await stop();
});

test("calls sent together arrive in their order", async () => {
  const { platform, stop } = await served();
  await platform.announce("v1", "bank");
  const answers = await Promise.all([platform.call("v1", "login", { user: "ann" }), platform.call("v1", "get_balance")]);
  expect(answers[1]).toEqual({ kind: "result", result: { balance: 100 } });
  await stop();
});

test("a call with an id that was used is delivered again and answered the same", async () => {
  const { clock, platform, balance, stop } = await served();
  await platform.announce("v1", "bank");
  await platform.call("v1", "deposit", { amount: 5 }, { callId: "c" });
  await platform.call("v1", "deposit", { amount: 5 }, { callId: "c" });
  await clock.advance("1m");
  expect(platform.answersOf("v1", "c")).toEqual([1, 2].map(() => ({ kind: "result", result: { balance: 105, runs: 1 } })));
  expect(await balance("v1")).toBe(105);
  await stop();
});

test("a connection that is cut in mid-call comes back, and the answer after it", async () => {
  const { clock, platform, balance, stop } = await served();
  await platform.announce("v1", "bank");
  const answer = platform.call("v1", "deposit", { amount: 5 });
  platform.cut("v1");
  expect(await clock.until(answer)).toEqual({ kind: "result", result: { balance: 105, runs: 1 } });
  platform.cut();
  expect(await clock.until(platform.call("v1", "deposit", { amount: 5 }))).toMatchObject({ result: { balance: 110 } });
  expect(await balance("v1")).toBe(110);
  await stop();
});

test("a platform that replies to nothing and names no conversation is served too", async () => {
  const { clock, platform, stop } = await served({ repliesToPushes: false, namesConversations: false });
  await platform.announce("v1", "bank");
  await platform.announce("v2", "bank");
  expect(await clock.until(platform.call("v2", "deposit", { amount: 5 }))).toMatchObject({ result: { balance: 105 } });
  await stop();
});

/** Plays ten calls in two conversations through storms; gives what happened as one text. */
async function storm(seed: number, connections: "shared" | "per-conversation"): Promise<string> {
  const { clock, platform, balance, stop } = await served({ seed, drop: 0.08, delay: 0.3, repeat: 0.15, reorder: 0.15, cut: 0.03 }, connections);
  const answers: string[] = [];
  const script = (async () => {
    await Promise.all([platform.announce("v1", "bank"), platform.announce("v2", "bank")]);
    for (let step = 0; step < 5; step++) {
      const both = await Promise.all(["v1", "v2"].map((id) => platform.call(id, "deposit", { amount: 1 }, { callId: `${id}-${step}` })));
      answers.push(JSON.stringify(both.map((answer) => (answer.kind === "result" ? (answer.result as { balance: number }).balance : answer))));
    }
  })();
  await clock.until(script, "4h").catch((error: unknown) => expect.unreachable(`seed ${seed}: ${String(error)}\n${platform.weather.print()}`));
  platform.weather.calm();
  await clock.advance("1m");
  for (const id of ["v1", "v2"]) {
    expect(await balance(id), `seed ${seed}\n${platform.weather.print()}`).toBe(105);
    for (let step = 0; step < 5; step++) {
      const texts = new Set(platform.answersOf(id, `${id}-${step}`).map((answer) => JSON.stringify(answer)));
      expect(texts.size, `seed ${seed}: the answers of ${id}-${step}: ${[...texts].join(" and ")}`).toBe(1);
    }
  }
  await stop();
  return `${answers.join("\n")}\n${platform.weather.print()}`;
}

test("no seed of drops, delays, repeats, reorderings and cuts loses a call or applies it twice", async () => {
  for (let seed = 1; seed <= 20; seed++) expect(await storm(seed, seed % 2 === 0 ? "shared" : "per-conversation")).toContain("[105,105]");
});

test("a seed replays exactly, and another seed is other weather", async () => {
  const first = await storm(4711, "per-conversation");
  expect(await storm(4711, "per-conversation")).toBe(first);
  expect(await storm(4712, "per-conversation")).not.toBe(first);
  expect(first).toMatch(/\d+ to_(agent|platform) \w+: (dropped|arrives after)/);
});

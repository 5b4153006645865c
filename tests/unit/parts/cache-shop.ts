// A shop whose cache is asked by tools, and whose loads a test answers when it likes.

import { onTestFinished } from "vitest";
import { z } from "zod";

import { cache, conversationState, ConversimpleAgent, tool, type CacheOptions } from "../../../src/index.ts";
import { current } from "../../../src/agent/running.ts";
import { testAgent } from "../../../src/testing/index.ts";

/** A loader that a test answers: one entry per load, in order. */
interface Asked {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly conversation: string | undefined;
  give(value: unknown): void;
  fail(error: Error): void;
}

/** An agent with a cache of anything, whose loads wait for the test. */
function shop(options: Partial<CacheOptions<unknown>> = {}) {
  const asked: Asked[] = [];
  const load: CacheOptions<unknown>["load"] = (key, { signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    asked.push({ key, signal, conversation: current()?.conversation.id, give: resolve, fail: reject });
    return promise;
  };
  class Shop extends ConversimpleAgent {
    static override readonly agentId = "shop";
    readonly state = conversationState(z.object({ lines: z.array(z.object({ n: z.number() })).default([{ n: 1 }]) }));
    readonly things = cache({ ttlMs: 60_000, load, ...options });

    get = tool("Get", { key: z.string() }, { parallel: true }, async ({ key }) => ({ value: await this.things.get(key) }));
    fetch = tool("Fetch", { key: z.string() }, { parallel: true }, ({ key }) => this.things.fetch(key));
    peek = tool("Peek", { key: z.string() }, ({ key }) => ({ value: this.things.peek(key) ?? null }));
    set = tool("Set", { key: z.string(), value: z.unknown() }, ({ key, value }) => this.things.set(key, value));
    remove = tool("Remove", { key: z.string() }, ({ key }) => this.things.delete(key));
    stats = tool("Stats", () => this.things.stats);
    many = tool("Many", { key: z.string(), times: z.number() }, async ({ key, times }) => (await Promise.all(Array.from({ length: times }, () => this.things.get(key)))).length);
    setState = tool("Set state", { key: z.string() }, ({ key }) => {
      this.things.set(key, this.state.lines);
      this.state.lines[0]!.n = 99;
      return null;
    });
    spoil = tool("Spoil", { key: z.string() }, async ({ key }) => {
      const value = (await this.things.get(key)) as { list: number[]; at: Date };
      value.list.push(666);
      value.at.setTime(0);
      return null;
    });
    throwAfterSet = tool("Throw after set", { key: z.string() }, ({ key }) => {
      this.things.set(key, "kept");
      throw new TypeError("a fuse blew");
    });
  }
  return { agent: new Shop(), asked };
}

/** Rejections that nobody handles: without a listener they end the process. */
export function unhandled(): unknown[] {
  const seen: unknown[] = [];
  const see = (reason: unknown) => void seen.push(reason);
  process.on("unhandledRejection", see);
  onTestFinished(() => void process.off("unhandledRejection", see));
  return seen;
}

/** A call with that agent. */
export async function open(options: Partial<CacheOptions<unknown>> = {}) {
  const { agent, asked } = shop(options);
  const call = await testAgent(agent);
  /** Lets calls go as far as they can. */
  const settle = () => call.advance(0);
  return { call, asked, settle };
}

/** The same with loads that are answered at once: `key#1`, `key#2`, ... */
export function counting(options: Partial<CacheOptions<unknown>> = {}) {
  let loads = 0;
  const load = (key: string) => `${key}#${++loads}`;
  return open({ ...options, load });
}

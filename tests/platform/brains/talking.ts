// A conversation with an agent, through the local platform, on a clock that stands at noon of the first of January 2026.

import { Dispatcher } from "../../../src/adapters/conversimple/dispatcher.ts";
import type { ConversimpleAgent } from "../../../src/agent/agent.ts";
import { systemClock, type Clock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { LocalPlatformOptions, PlatformEvent, TurnRecord } from "../../../src/platform/index.ts";
import { KEY, platform } from "../clients.ts";

/** Wall time that stands still; timers run, since nobody here waits for one. */
export const NOON: Clock = { ...systemClock, now: () => Date.parse("2026-01-01T12:00:00Z") };

export interface Said {
  /** All utterances of the turn. */
  readonly said: string;
  /** `tool {arguments}` per call, masked. */
  readonly calls: readonly string[];
  readonly record: TurnRecord;
}

/** Serves an agent and begins the conversation "c1". */
export async function talking(agent: ConversimpleAgent, options: LocalPlatformOptions = {}) {
  const server = await platform({ clock: NOON, ...options });
  const events: PlatformEvent[] = [];
  server.local.on((event) => void events.push(event));
  const dispatcher = await new Dispatcher({ agents: [agent], apiKey: KEY, platformUrl: server.url, store: "memory:", secret: "only for this test", logger: silentLogger, signals: false }).start();
  const agentId = Reflect.get(agent.constructor, "agentId") as string;
  const begin = (conversationId: string) => server.local.createConversation({ agentId, conversationId });
  await begin("c1");
  const say = async (text: string, conversationId = "c1"): Promise<Said> => read(await server.local.say(conversationId, { text }));
  const stop = async () => {
    await dispatcher.stop();
    await server.local.stop();
  };
  return { ...server, begin, say, events, dispatcher, [Symbol.asyncDispose]: stop };
}

export function read(record: TurnRecord): Said {
  return { said: record.said.join(" "), calls: record.toolCalls.map(({ tool, arguments: input }) => `${tool} ${JSON.stringify(input)}`), record };
}

// Our dispatcher with platforms of different habits: the form of frames, and whether a call says whose it is.

import { expect, test } from "vitest";
import { z } from "zod";
import { conversationState, ConversimpleAgent, Dispatcher, tool } from "../../src/index.ts";
import { silentLogger } from "../../src/base/log.ts";
import { Proxy } from "../faults/proxy.ts";
import { KEY, platform } from "./clients.ts";

class TallyAgent extends ConversimpleAgent {
  static override readonly agentId = "tally";
  readonly state = conversationState(z.object({ marks: z.array(z.string()).default([]) }));
  mark = tool("Marks", { as: z.string() }, ({ as }) => {
    this.state.marks.push(as);
    return { conversation: this.conversation.id, marks: [...this.state.marks] };
  });
}

type Habits = Pick<ConstructorParameters<typeof Dispatcher>[0], "connections" | "frameForm">;

async function served(sendConversationId: boolean, habits: Habits) {
  const server = await platform({ sendConversationId });
  const proxy = await Proxy.listen(server.url);
  const dispatcher = await new Dispatcher({ agents: [new TallyAgent()], apiKey: KEY, platformUrl: proxy.url, store: "memory:", secret: "only for this test", logger: silentLogger, signals: false, ...habits }).start();
  const begin = async (conversationId: string) => {
    await server.local.createConversation({ agentId: "tally", conversationId });
    await expect.poll(() => server.local.conversation(conversationId).status).toBe("active");
  };
  const mark = async (conversationId: string, as: string, callId = as): Promise<unknown> => {
    const answer = await server.local.callTool({ conversationId, tool: "mark", arguments: { as }, callId });
    return answer.kind === "result" ? (JSON.parse(answer.json) as unknown) : answer;
  };
  const stop = async () => {
    await dispatcher.stop();
    await server.local.stop();
    await proxy.stop();
  };
  /** What frames begin with, of both sides. */
  const forms = () => new Set([...proxy.said, ...proxy.told].filter((text) => text !== "").map((text) => text[0]));
  return { begin, mark, forms, [Symbol.asyncDispose]: stop };
}

const habits = (["array", "object"] as const).flatMap((frameForm) => [true, false].map((sendsIds) => ({ frameForm, sendsIds })));

test.each(habits)("frames as $frameForm, ids: $sendsIds: with a connection for each conversation every call reaches its own", async ({ frameForm, sendsIds }) => {
  await using line = await served(sendsIds, { frameForm });
  for (const id of ["c1", "c2"]) await line.begin(id);
  // The same call id in both: it tells nobody apart.
  const first = await Promise.all(["c1", "c2"].map((id) => line.mark(id, `of ${id}`, "same")));
  expect(first).toEqual(["c1", "c2"].map((id) => ({ conversation: id, marks: [`of ${id}`] })));
  expect(await line.mark("c2", "again")).toEqual({ conversation: "c2", marks: ["of c2", "again"] });
  expect(line.forms()).toEqual(new Set([frameForm === "array" ? "[" : "{"]));
});

test.each(["array", "object"] as const)("frames as %s: one connection for all serves a platform that sends ids, and refuses calls of one that does not while it serves several", async (frameForm) => {
  {
    await using line = await served(true, { frameForm, connections: "shared" });
    for (const id of ["c1", "c2"]) await line.begin(id);
    expect(await Promise.all(["c1", "c2"].map((id) => line.mark(id, `of ${id}`, "same")))).toEqual(["c1", "c2"].map((id) => ({ conversation: id, marks: [`of ${id}`] })));
  }
  await using line = await served(false, { frameForm, connections: "shared" });
  await line.begin("c1");
  expect(await line.mark("c1", "alone")).toEqual({ conversation: "c1", marks: ["alone"] });
  await line.begin("c2");
  expect(await line.mark("c1", "which?")).toMatchObject({ kind: "error", error: { type: "invalid_parameters", message: expect.stringContaining("conversation_id") as string } });
});

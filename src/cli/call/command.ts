// `conversimple call [agent]`

import { helpHint, type Command, type Input } from "../command.ts";
import { Failure, misuse } from "../failure.ts";
import { printable, type Terminal } from "../terminal.ts";
import type { PlatformClient } from "./platform-client.ts";

export const callCommand: Command = {
  name: "call",
  summary: "Talks to an agent: in plain sentences, or by calling tools by name; answers and changes of the state are shown.",
  takes: "[agent]",
  count: [0, 1],
  options: {
    url: { value: "<url>", summary: "the platform (that of the dev running here, else http://127.0.0.1:4000)" },
    key: { value: "<key>", summary: "its key (CONVERSIMPLE_API_KEY, else that of the dev running here)" },
    conversation: { value: "<id>", summary: "join this conversation, or begin it under this id" },
    script: { value: "<file.json>", summary: "play a script instead; exit code 0 when everything was as expected" },
    json: { summary: "one JSON object per call" },
  },
  notes: [
    "From a pipe it reads one call or sentence per line; the exit code is 1 when a call failed.",
    'A script: { "agent": "shop", "conversationId"?, "caller"?, "end"?, "calls": [{ "tool": "add_to_cart",',
    '  "arguments"?: {}, "callId"?, "expect"?: part of the result, "expectError"?, "expectState"?: part of the state }] }',
    'A step with "say" is said to the agent; "expectSaid"? is part of its answer, and a "tool" there is what it must lead to.',
  ],
  async run(input, terminal) {
    const file = input.text("script");
    if (file !== undefined && (input.positionals.length > 0 || input.text("conversation") !== undefined)) {
      throw misuse("A script names its agent and its conversation itself.", helpHint("call"));
    }
    const script = file === undefined ? undefined : (await import("./script.ts")).readScript(file);
    const { platformOf, OpenCall } = await import("./open-call.ts");
    const platform = platformOf({ url: input.text("url"), key: input.text("key") });
    if (script) return (await import("./play-script.ts")).playScript(script, platform, input.flag("json"), terminal);
    const conversationId = await conversationOf(input, platform, terminal);
    if (conversationId === undefined) return 0;
    const call = await OpenCall.join(platform, conversationId, terminal);
    try {
      greet(call, terminal);
      const { ConversationPrompt } = await import("./conversation-prompt.ts");
      return await new ConversationPrompt(call, terminal, input.flag("json")).run();
    } finally {
      await call.close();
    }
  },
};

/** The conversation to join; a new one unless an existing one is named. Undefined when nobody wants to choose. */
async function conversationOf(input: Input, platform: PlatformClient, terminal: Terminal): Promise<string | undefined> {
  const wanted = input.text("conversation");
  const existing = wanted === undefined ? undefined : await platform.view(wanted);
  const [named] = input.positionals;
  if (existing) {
    if (named !== undefined && named !== existing.agentId) throw new Failure(`The conversation ${wanted} belongs to the agent "${existing.agentId}".`, { exitCode: 2 });
    return existing.conversationId;
  }
  const agents = await platform.agents();
  const agent = named ?? (await chosen(agents, terminal));
  if (agent === undefined) return undefined;
  if (!agents.includes(agent)) throw new Failure(`No running agent has the id "${printable(agent)}".`, { remedy: agents.length === 0 ? "No agent runs at the moment; look at the terminal of conversimple dev." : `Running: ${agents.join(", ")}` });
  return platform.create(agent, wanted, undefined);
}

async function chosen(agents: readonly string[], terminal: Terminal): Promise<string | undefined> {
  if (agents.length === 1) return agents[0]!;
  if (agents.length === 0) throw new Failure("No agent runs at the moment.", { remedy: "Look at the terminal of conversimple dev, or start it: conversimple dev <paths>" });
  if (!terminal.isInteractive) throw misuse(`Several agents run: ${agents.join(", ")}. Name one.`, `For example: conversimple call ${agents[0]}`);
  return choose(agents, terminal);
}

async function choose(agents: readonly string[], terminal: Terminal): Promise<string | undefined> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stdout, completer: (line: string): [string[], string] => [agents.filter((agent) => agent.startsWith(line)), line] });
  const left = new AbortController();
  lines.once("close", () => left.abort());
  lines.once("SIGINT", () => lines.close());
  try {
    agents.forEach((agent, index) => terminal.say(`  ${terminal.tone("accent", String(index + 1))}  ${agent}`));
    for (;;) {
      const text = (await lines.question(`Which agent? ${terminal.tone("quiet", "[1]")} `, { signal: left.signal })).trim();
      const agent = text === "" ? agents[0] : (agents[Number(text) - 1] ?? agents.find((each) => each === text));
      if (agent !== undefined) return agent;
      terminal.say(terminal.tone("warning", `Type a number from 1 to ${agents.length}, or a name.`));
    }
  } catch (thrown) {
    if (left.signal.aborted) return undefined;
    throw thrown;
  } finally {
    lines.close();
  }
}

function greet({ agentId, conversationId }: { agentId: string; conversationId: string }, terminal: Terminal): void {
  if (!terminal.isInteractive) return;
  terminal.say(`\n  ${terminal.tone("strong", agentId)}  ${terminal.tone("quiet", printable(conversationId))}`);
  terminal.say(`  ${terminal.tone("quiet", "Say something, or call a tool: TAB completes, /tools lists them, /help says more, Ctrl-D leaves.")}\n`);
}

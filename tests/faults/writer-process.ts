// A writer from outside in a process of its own: `writer-process.ts <conversation> <name> <count> [agents]`.
//
// Sends signals `<name>-1` and so on, each when the one before it is durable, and sets the note to each of these names. With
// `agents` it has the agents and takes over a conversation that nobody serves. Says each name when it is durable (with
// agents: applied).

import { openState } from "conversimple";
import { BankAgent } from "./agents.ts";

const orphaned = () => process.exit(1);
process.on("disconnect", orphaned);
const [conversation, name, count, agents] = process.argv.slice(2) as [string, string, string, string?];
const state = await openState(process.env.CONVERSIMPLE_STORE, { source: name, ...(agents ? { agents: [new BankAgent(async () => ({ attempts: 0 }))] } : {}) });
for (let n = 1; n <= Number(count); n++) {
  const callId = `${name}-${n}`;
  await state.signal(conversation, "add", { callId, n });
  await state.updateState(conversation, { note: callId });
  process.send!(callId);
}
await state.close();
process.off("disconnect", orphaned).disconnect();

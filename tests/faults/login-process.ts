// A host of its own on a database file, whose callers log in: `login-process.ts <database> <log> [stop]`.
//
// It gets invocations from its parent and gives their outcomes back. Every secret that is looked at is a line of the log,
// written before anything else happens. With `stop` it comes to a stop once the first attempt is counted, before the
// secret is looked at, and says so. It dies with its parent.

import { appendFileSync } from "node:fs";

import { AgentHost } from "../../src/host/agent-host.ts";
import type { Invocation } from "../../src/host/host.ts";
import type { Store } from "../../src/state/store.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";
import { ShopAgent } from "../unit/parts/shop.ts";

process.on("disconnect", () => process.exit(1));
const [path, log, stop] = process.argv.slice(2) as [string, string, string?];

const agent = new ShopAgent();
agent.outside.verify = () => appendFileSync(log, `${agent.looks.list.at(-1)!}\n`);
const store = await openSqlite(path);
const host = await AgentHost.start({ agents: [agent], store: stop ? stoppedAfterCount(store) : store, secret: "the secret of this test" });

process.on("message", (invocation: Invocation) => void answer(invocation));
process.send!("ready");

async function answer(invocation: Invocation): Promise<void> {
  await host.open(invocation.conversationId, { agentId: "shop" });
  process.send!({ callId: invocation.callId, outcome: await host.invoke(invocation) });
}

/** The second counter is the account's; whoever waits for it waits for ever. */
function stoppedAfterCount(real: Store): Store {
  let counted = 0;
  const commit: Store["commit"] = async (owner, change) => {
    const committed = await real.commit(owner, change);
    if (owner.startsWith("account:") && ++counted === 2) {
      process.send!("counted");
      return new Promise(() => {});
    }
    return committed;
  };
  return new Proxy(real, {
    get(target, key) {
      if (key === "commit") return commit;
      const member: unknown = Reflect.get(target, key);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

// A process of its own that takes a conversation with a lease of an hour, says so, and waits: `holder.ts <file>`.

import { hostname } from "node:os";
import { processStat } from "../../../src/base/process-stat.ts";
import { openSqlite } from "../../../src/stores/sqlite/store.ts";

const store = await openSqlite(process.argv[2]!);
const identity = { id: "holder", pid: process.pid, host: hostname(), startedAtMs: processStat(process.pid)?.startMs ?? 0 };
await store.renew(identity, 3_600_000);
await store.acquire("conversation:held", identity, { agentId: "shop" });
await store.post("conversation:held", { id: "m", text: "t" });
console.log("ready");
setInterval(() => undefined, 1_000);

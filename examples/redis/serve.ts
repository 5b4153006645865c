// One process that serves the agent: what `conversimple start` does. Its store is CONVERSIMPLE_STORE, its secret
// CONVERSIMPLE_SECRET. `check.ts` starts two of them, and kills one.

import { Dispatcher } from "conversimple";
import { RedisAgent } from "./agent.ts";

// 24 hours after the end of a call its record is gone: that is the default, written down. A short lease, for the example.
await new Dispatcher({ agents: [new RedisAgent()], retentionMs: 24 * 3_600_000, leaseMs: 1_500 }).start();
process.send?.("ready");

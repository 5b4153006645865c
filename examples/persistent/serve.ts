// One process that serves the agent: what `conversimple start` does. `check.ts` starts it, and kills it.

import { Dispatcher } from "conversimple";
import { PersistentAgent } from "./agent.ts";

await new Dispatcher({ agents: [new PersistentAgent()], store: "sqlite:state.db" }).start();

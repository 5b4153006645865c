// `conversimple dev <paths...>`

import { helpHint, type Command } from "../command.ts";
import { absoluteAddress, checkAddress, storeAddress } from "../store-address.ts";

/** Where agents and callers of this machine can reach the platform, whatever else may. */
const HOSTS = ["127.0.0.1", "localhost", "::1", "0.0.0.0", "::"] as const;

export const devCommand: Command = {
  name: "dev",
  summary: "Runs agents on this machine: a local platform, the agents (reloaded on save), SQLite as the store. No key, no service.",
  takes: "<paths...>",
  count: [1, 64],
  options: {
    port: { value: "<port>", summary: "port of the platform; 0 takes a free one (CONVERSIMPLE_PORT, else 4000)" },
    host: { value: "<address>", summary: "address to listen on; 0.0.0.0 lets other machines in (127.0.0.1)" },
    brain: { value: "<brain>", summary: "who talks for the agents: rules, script:<file.json> or model (rules)" },
    "base-url": { value: "<url>", summary: "of an OpenAI-compatible server, for --brain model" },
    model: { value: "<name>", summary: "the model's name there; its key is in CONVERSIMPLE_MODEL_API_KEY" },
    store: { value: "<address>", summary: "sqlite:<path> or memory: (CONVERSIMPLE_STORE, else sqlite:.conversimple/state.db)" },
  },
  notes: [
    "A path is a file, or a folder with agent.*, agents.*, index.*, *.agent.* or *-agent.* files (.ts, .mts, .js, .mjs).",
    "They export classes that extend ConversimpleAgent, or instances. TypeScript runs as it is.",
    "The key of the local platform is in .conversimple/dev.json, unless CONVERSIMPLE_API_KEY is set.",
  ],
  async run(input, terminal) {
    const port = input.number("port", 0, 65_535, "CONVERSIMPLE_PORT") ?? 4_000;
    const host = input.choice("host", HOSTS) ?? "127.0.0.1";
    const address = storeAddress(input.text("store"));
    checkAddress(address, helpHint("dev"));
    const isVerbose = input.flag("verbose") || process.env.CONVERSIMPLE_LOG_LEVEL === "debug";
    const { brainOf } = await import("./brain-choice.ts");
    const brain = await brainOf({ brain: input.text("brain"), baseUrl: input.text("base-url"), model: input.text("model") });
    const { DevSession } = await import("./session.ts");
    const session = await DevSession.start({ paths: input.positionals, port, host, store: { address, absolute: absoluteAddress(address) }, brain, isVerbose }, terminal);
    let hasAsked = false;
    const ask = (): void => {
      if (hasAsked) {
        session.kill();
        process.exit(130);
      }
      hasAsked = true;
      session.stop(0);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ask);
    try {
      return await session.over;
    } finally {
      await session.close();
    }
  },
};

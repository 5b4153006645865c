// `conversimple start <paths...>`: agents in production.
//
//   ST1. Standard output is the log, JSON lines; a start that fails is one line on standard error and exit code 1.
//   ST2. SIGTERM lets running calls finish and exits with 0; a platform that refuses the key ends it with 1.

import type { DispatcherOptions } from "../adapters/conversimple/dispatcher.ts";
import type { InspectorPermission } from "../inspector/access.ts";
import { helpHint, type Command, type Input } from "./command.ts";
import { Failure, misuse } from "./failure.ts";
import { checkAddress, storeAddress } from "./store-address.ts";

export const startCommand: Command = {
  name: "start",
  summary: "Runs agents in production: connects them to the platform and logs JSON lines.",
  takes: "<paths...>",
  count: [1, 64],
  options: {
    "platform-url": { value: "<url>", summary: "the platform (CONVERSIMPLE_PLATFORM_URL, else the hosted one)" },
    store: { value: "<address>", summary: "sqlite:<path>, redis://..., postgres://... or memory: (CONVERSIMPLE_STORE, else sqlite:.conversimple/state.db)" },
    "health-port": { value: "<port>", summary: "answer GET /health and GET /metrics on this port of 127.0.0.1; 0 takes a free one" },
    "health-host": { value: "<address>", summary: "the address of the health port instead of 127.0.0.1, for probes from outside: 0.0.0.0 in a container" },
    "inspector-port": { value: "<port>", summary: "look inside by a page on this port of 127.0.0.1; 0 takes a free one" },
    "inspector-host": { value: "<address>", summary: "the address of the inspector instead of 127.0.0.1; needs CONVERSIMPLE_INSPECTOR_TOKEN" },
    "inspector-names": { value: "<names>", summary: "names by which a proxy is reached, separated by commas" },
    "inspector-allow": { value: "<what>", summary: "write, reveal or write,reveal: what the inspector may do beside reading" },
    connections: { value: "<how>", summary: "per-conversation (every platform) or shared (one that names the conversation in its calls)" },
    "frame-form": { value: "<form>", summary: "array (Phoenix V2) or object (V1)" },
  },
  notes: ["The key is CONVERSIMPLE_API_KEY. It is no option, since other users of a machine can see those.", "CONVERSIMPLE_LOG_LEVEL is debug, info, warn, error or silent (info)."],
  async run(input) {
    const options = optionsOf(input);
    if (!process.env.CONVERSIMPLE_API_KEY) throw new Failure("CONVERSIMPLE_API_KEY is not set.", { remedy: "Set it to the platform's key: cs_live_... or cs_test_..." });
    const [{ findAgentFiles }, { loadAgents }, { Dispatcher }, { pinoLogger }] = await Promise.all([
      import("./agents/agent-files.ts"), import("./agents/agent-modules.ts"), import("../adapters/conversimple/dispatcher.ts"), import("../adapters/conversimple/logger.ts"),
    ]);
    const logger = await pinoLogger();
    const { files, refused } = findAgentFiles(input.positionals);
    for (const reason of refused) logger.warn({ reason }, "a file was not loaded");
    const agents = await loadAgents(files);
    const dispatcher = new Dispatcher({ ...options, agents: agents.map(({ agent }) => agent), logger });
    await dispatcher.start();
    logger.info({ agents: agents.map(({ id }) => id), store: dispatcher.health()?.store, healthPort: dispatcher.healthPort }, "serving");
    const end = await dispatcher.ended;
    if (end.kind === "left") return 0;
    await dispatcher.stop();
    throw end.kind === "refused" ? end.error : new Failure("The platform closed the channel for good.", { remedy: "Start again; if it happens again, ask whoever runs the platform." });
  },
};

function optionsOf(input: Input): Omit<DispatcherOptions, "agents"> {
  const platformUrl = input.text("platform-url");
  const store = storeAddress(input.text("store"));
  const port = input.number("health-port", 0, 65_535);
  const hostname = input.text("health-host");
  if (hostname !== undefined && port === undefined) throw misuse("--health-host needs --health-port.", helpHint("start"));
  const connections = input.choice("connections", ["per-conversation", "shared"] as const);
  const frameForm = input.choice("frame-form", ["array", "object"] as const);
  checkAddress(store, helpHint("start"));
  const inspector = inspectorOf(input);
  return {
    store,
    ...(platformUrl === undefined ? {} : { platformUrl }),
    ...(port === undefined ? {} : { health: { port, ...(hostname === undefined ? {} : { hostname }) } }),
    ...(inspector ? { inspector } : {}),
    ...(connections ? { connections } : {}),
    ...(frameForm ? { frameForm } : {}),
  };
}

function inspectorOf(input: Input): DispatcherOptions["inspector"] {
  const port = input.number("inspector-port", 0, 65_535);
  const hostname = input.text("inspector-host");
  const allow = listOf(input.text("inspector-allow"));
  const allowHosts = listOf(input.text("inspector-names"));
  if (port === undefined && (hostname !== undefined || allow.length + allowHosts.length > 0)) throw misuse("--inspector-host, --inspector-names and --inspector-allow need --inspector-port.", helpHint("start"));
  // What is allowed is checked where it is used, before anything is opened.
  return port === undefined ? undefined : { port, allow: allow as readonly InspectorPermission[], allowHosts, ...(hostname === undefined ? {} : { hostname }) };
}

function listOf(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(",").map((each) => each.trim()).filter((each) => each !== "");
}

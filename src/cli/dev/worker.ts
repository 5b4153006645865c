// The process of the agents in `dev`: loads them, joins the platform, reports what happens.
//
//   WO1. It ends when it is asked to (SIGTERM), and at once when the process that watches over it is gone.
//   WO2. Whatever way it ends, it gives its conversations up first, unless it is killed.
//   WO3. A developer reads what a tool threw, without what is known to be personal, secret or a key in it.   (P21)

import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

import { Dispatcher } from "../../adapters/conversimple/dispatcher.ts";
import type { ConversimpleAgent } from "../../agent/agent.ts";
import { sleep, systemClock } from "../../base/clock.ts";
import { ConversimpleError } from "../../base/errors.ts";
import type { Logger, LogFields } from "../../base/log.ts";
import type { Store } from "../../state/store.ts";
import { openStore } from "../../stores/open.ts";
import { findAgentFiles } from "../agents/agent-files.ts";
import { loadAgents, type LoadedAgent } from "../agents/agent-modules.ts";
import { placesOf } from "../agents/import-failure.ts";
import { withoutKeys } from "../environment-keys.ts";
import { Failure } from "../failure.ts";
import { surviveClosedPipes } from "../terminal.ts";
import type { AgentDesk } from "../../inspector/desks.ts";
import { HostDesk } from "../../inspector/host-desk.ts";
import { committedStore } from "./committed-store.ts";
import { answerOf } from "./desk-answers.ts";
import { SETTINGS_VARIABLE, type Report, type WorkerSettings } from "./report.ts";

/** How long running tools get when a file was saved, milliseconds. */
const GRACE_MS = 5_000;
/** Conversations are given up within this when nobody watches any more, milliseconds. */
const LEAVE_MS = 1_000;
/** A day, milliseconds: a breakpoint must not lose it (P15), and a process that is gone is noticed at once on one machine. */
const LEASE_MS = 86_400_000;

const OWN_FOLDER = new URL("../..", import.meta.url).href;

let dispatcher: Dispatcher | undefined;
let store: Store | undefined;
let desk: AgentDesk | undefined;
/** Of the failure that is being told; `onError` follows in the same turn. */
let reference: string | undefined;

function report(message: Report): void {
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}

function log(level: "debug" | "warn" | "error", fields: LogFields, message: string): void {
  if (typeof fields.reference === "string") reference = fields.reference;
  // What a tool threw is told by `threw`, with its text and place.
  else report({ type: "log", level, message, fields });
}

const logger: Logger = {
  debug: (fields, message) => log("debug", fields, message),
  info: (fields, message) => log("debug", fields, message),
  warn: (fields, message) => log("warn", fields, message),
  error: (fields, message) => log("error", fields, message),
};

/** Tells which files of the user's are loaded, so that they can be watched. */
function watchImports(): () => void {
  const files: string[] = [];
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      if (resolved.url.startsWith("file:") && !resolved.url.startsWith(OWN_FOLDER) && !resolved.url.includes("/node_modules/")) files.push(fileURLToPath(resolved.url));
      return resolved;
    },
  });
  return () => {
    hooks.deregister();
    report({ type: "loaded", files });
  };
}

async function load(settings: WorkerSettings): Promise<{ agents: LoadedAgent[]; refused: readonly string[] }> {
  const stopWatching = watchImports();
  try {
    const { files, refused } = findAgentFiles(settings.paths);
    return { agents: await loadAgents(files, showErrors), refused };
  } finally {
    stopWatching();
  }
}

/** What is behind an error, such as what an upgrade threw: the innermost one is the developer's. */
function becauseOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "";
  return becauseOf(cause.cause) || ` (${cause.name}: ${cause.message})`;
}

/** What the agent's own `onError` hears is shown to the developer too. */
function showErrors(agent: ConversimpleAgent): void {
  const own = agent.onError?.bind(agent);
  const onError = (thrown: unknown) => {
    // Nothing can be remembered of what is not an object, such as what of it must not be shown.
    if (!(thrown instanceof Error)) report({ type: "threw", message: `a ${typeof thrown} was thrown, which is no Error`, places: [], reference });
    else {
      const message = withoutKeys(`${thrown.name}: ${thrown.message}${becauseOf(thrown.cause)}`, thrown);
      report({ type: "threw", message, places: placesOf(thrown), reference, stack: withoutKeys(thrown.stack ?? "", thrown) });
    }
    reference = undefined;
    return own?.(thrown);
  };
  // Not enumerable: it is no field of the agent's.
  Object.defineProperty(agent, "onError", { value: onError });
}

async function serve(settings: WorkerSettings): Promise<void> {
  const { agents, refused } = await load(settings);
  store = committedStore(await openStore(settings.store), report);
  dispatcher = new Dispatcher({ agents: agents.map(({ agent }) => agent), store, connections: "shared", leaseMs: LEASE_MS, record: true, graceMs: GRACE_MS, signals: false, logger });
  await dispatcher.start();
  desk = new HostDesk({ host: dispatcher.host!, sources: new Map(agents.map(({ id, file, exported }) => [id, { file, ...exported }])) });
  report({ type: "ready", agents: agents.map(({ id, tools }) => ({ id, tools })), refused });
  const end = await dispatcher.ended;
  if (end.kind === "refused") throw end.error;
}

/** Answers what the inspector asks. */
async function answer(message: unknown): Promise<void> {
  const answered = await answerOf(desk, message, (thrown) => report({ type: "threw", message: `${thrown instanceof Error ? thrown.name : typeof thrown}, while the inspector was answered`, places: thrown instanceof Error ? placesOf(thrown) : [] }));
  if (answered && process.connected) process.send?.(answered, undefined, {}, () => {});
}

function failed(thrown: unknown): void {
  const remedy = thrown instanceof Failure ? thrown.remedy : undefined;
  const message = withoutKeys(thrown instanceof Error ? thrown.message : String(thrown), thrown);
  const stack = thrown instanceof Error && thrown.stack !== undefined ? withoutKeys(thrown.stack, thrown) : undefined;
  const isFinal = thrown instanceof ConversimpleError && (thrown.code === "store_misconfigured" || thrown.code === "connection_refused");
  report({ type: "failed", message, remedy, stack, isFinal });
}

/** WO1: nobody hears the answers any more, so running tools are not waited for. */
async function leave(): Promise<void> {
  await Promise.race([dispatcher?.host?.drain(0), sleep(systemClock, LEAVE_MS)]);
  process.exit(1);
}

async function stop(): Promise<void> {
  await close();
  process.exit(0);
}

async function close(): Promise<void> {
  await dispatcher?.stop();
  await store?.close();
}

surviveClosedPipes(() => {});
process.on("disconnect", () => void leave());
process.on("message", (message) => void answer(message));
process.on("SIGTERM", () => void stop());
// Ctrl-C reaches the whole group; the watching process decides.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
if (!process.connected) process.exit(1);

try {
  await serve(JSON.parse(process.env[SETTINGS_VARIABLE] ?? "{}") as WorkerSettings);
} catch (thrown) {
  failed(thrown);
  await close();
  process.disconnect();
  process.exit(1);
}

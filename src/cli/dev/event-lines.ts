// The lines that `dev` prints while it runs: one for each commit, and one for each call that left none.
//
//   EL1. Ids, names, outcomes, counts and durations; never a value of an argument, a result or a state.        (P21)

import { systemClock } from "../../base/clock.ts";
import type { PlatformEvent } from "../../platform/platform-events.ts";
import { printable, type Terminal, type Tone } from "../terminal.ts";
import type { Committed, Report } from "./report.ts";

/** A call that failed may still have left a commit, whose report is on its way. Milliseconds. */
const WAIT_FOR_COMMIT_MS = 200;
const MAX_PATHS = 3;
const MAX_REMEMBERED = 1_000;
const ID_LENGTH = 13;
const NAME_LENGTH = 22;

type Threw = Extract<Report, { type: "threw" }>;

export class EventLines {
  readonly #terminal: Terminal;
  readonly #isVerbose: boolean;
  /** Conversation and call ids of the last commits. */
  readonly #committed = new Set<string>();

  constructor(terminal: Terminal, isVerbose: boolean) {
    this.#terminal = terminal;
    this.#isVerbose = isVerbose;
  }

  committed(commit: Committed): void {
    const { conversationId, callId, name, outcome: { word, tone, why }, ms, paths } = commit;
    if (callId !== undefined) this.#remember(`${conversationId}\n${callId}`);
    const shown = paths.slice(0, MAX_PATHS).join(", ") + (paths.length > MAX_PATHS ? ` and ${paths.length - MAX_PATHS} more` : "");
    this.#line(conversationId, name, word === "tool_error" ? "refused" : word, tone, `${ms} ms`, why ?? shown);
  }

  platform(event: PlatformEvent): void {
    if (event.type === "call_failed" || event.type === "call_timed_out") {
      const key = `${event.conversationId}\n${event.callId}`;
      const outcome = event.type === "call_failed" ? "failed" : "timeout";
      systemClock.after(WAIT_FOR_COMMIT_MS, () => {
        if (!this.#committed.has(key)) this.#line(event.conversationId, event.tool, outcome, "bad", "", outcome === "failed" ? "did not run" : "no answer in time");
      }, { background: true });
    } else if (event.type === "conversation_created") this.#line(event.conversationId, `${event.agentId}: a call begins`);
    else if (event.type === "conversation_ended") this.#line(event.conversationId, `${event.agentId}: the call is over`);
  }

  threw({ message, places, reference, stack }: Threw): void {
    const where = places[0] ? ` at ${places[0]}` : "";
    this.#terminal.say(`${this.#time()}  ${this.#terminal.tone("bad", printable(message))}${where}${reference ? this.#terminal.tone("quiet", `  (reference ${reference})`) : ""}`);
    if (this.#isVerbose && stack) this.#terminal.say(this.#terminal.tone("quiet", stack));
  }

  log({ level, message, fields }: Extract<Report, { type: "log" }>): void {
    if (level === "debug" && !this.#isVerbose) return;
    const facts = Object.entries(fields).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${printable(String(value))}`).join(" ");
    this.note(`${message}${facts ? `  ${facts}` : ""}`, level === "debug" ? "quiet" : level === "warn" ? "warning" : "bad");
  }

  /** Something about `dev` itself. */
  note(text: string, tone: Tone = "quiet"): void {
    this.#terminal.say(`${this.#time()}  ${this.#terminal.tone(tone, text)}`);
  }

  #line(conversationId: string, name: string, outcome = "", tone: Tone = "quiet", duration = "", rest = ""): void {
    const terminal = this.#terminal;
    const cells = [this.#time(), terminal.tone("quiet", shortId(conversationId)), name.padEnd(NAME_LENGTH), terminal.tone(tone, outcome.padEnd(8)), duration.padStart(7), terminal.tone("quiet", printable(rest))];
    terminal.say((outcome === "" ? cells.slice(0, 3) : cells).join("  ").trimEnd());
  }

  #time(): string {
    return this.#terminal.tone("quiet", new Date(systemClock.now()).toTimeString().slice(0, 8));
  }

  #remember(key: string): void {
    this.#committed.add(key);
    if (this.#committed.size > MAX_REMEMBERED) this.#committed.delete(this.#committed.keys().next().value!);
  }
}

/** The beginning of an id: enough for a person, and for `state show`. */
export function shortId(id: string): string {
  return printable(id.length <= ID_LENGTH ? id : id.slice(0, ID_LENGTH)).padEnd(ID_LENGTH);
}

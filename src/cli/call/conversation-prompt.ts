// The prompt of `conversimple call`: lines in, tool calls out. For a person at a TTY and for a pipe.
//
//   CP1. Ctrl-C clears a half-typed line, on an empty one it leaves; Ctrl-D leaves. The conversation goes on.
//   CP2. From a pipe nothing is asked; lines are called as they are, and one that fails makes the exit code 1.

import { createInterface, type Interface } from "node:readline";

import { systemClock } from "../../base/clock.ts";
import { ConversimpleError } from "../../base/errors.ts";
import { Failure } from "../failure.ts";
import type { RegisteredTool } from "../../platform/known-tools.ts";
import { nextCommand } from "../next-command.ts";
import { lossless, losslessChanges, partText } from "../rendering.ts";
import { columns, printable, type Terminal } from "../terminal.ts";
import { answerJson, callLines, showAnswer, showSpoken } from "./answer-lines.ts";
import type { OpenCall } from "./open-call.ts";
import { argumentsOf, type Argument } from "./tool-signature.ts";
import { complete, LINE_COMMANDS, readLine } from "./typed-line.ts";

type Next = "go on" | "ended" | "quit";

export class ConversationPrompt {
  readonly #call: OpenCall;
  readonly #terminal: Terminal;
  readonly #asJson: boolean;
  readonly #lines: Interface;
  readonly #waiting: string[] = [];
  #want: ((line: string | undefined) => void) | undefined;
  #isClosed = false;
  #failures = 0;

  constructor(call: OpenCall, terminal: Terminal, asJson: boolean) {
    this.#call = call;
    this.#terminal = terminal;
    this.#asJson = asJson;
    const completer = (line: string) => complete(line, signatures(call.tools));
    this.#lines = createInterface({ input: process.stdin, output: terminal.isInteractive ? process.stdout : undefined, terminal: terminal.isInteractive, completer, historySize: 200 });
    this.#listen();
  }

  /** Reads until somebody leaves; returns the exit code. */
  async run(): Promise<number> {
    const prompt = `${this.#call.agentId} › `;
    let next: Next = "go on";
    while (next === "go on") {
      const line = await this.#ask(prompt);
      next = line === undefined ? "quit" : await this.#handled(line);
    }
    this.#lines.close();
    if (this.#terminal.isInteractive && next === "quit") this.#farewell();
    return this.#failures > 0 && !this.#terminal.isInteractive ? 1 : 0;
  }

  /** Lines are kept while a call runs, so that a pipe loses none. */
  #listen(): void {
    const give = (line: string | undefined) => {
      const want = this.#want;
      this.#want = undefined;
      if (want) want(line);
      else if (line !== undefined) this.#waiting.push(line);
    };
    this.#lines.on("line", give);
    this.#lines.on("close", () => {
      this.#isClosed = true;
      give(undefined);
    });
    this.#lines.on("SIGINT", () => {
      if (this.#lines.line === "") return this.#lines.close();
      this.#lines.write(null, { ctrl: true, name: "e" });
      this.#lines.write(null, { ctrl: true, name: "u" });
    });
  }

  #ask(prompt: string): Promise<string | undefined> {
    const kept = this.#waiting.shift();
    if (kept !== undefined || this.#isClosed) return Promise.resolve(kept);
    return new Promise((resolve) => {
      this.#want = resolve;
      if (!this.#terminal.isInteractive) return;
      this.#lines.setPrompt(prompt);
      this.#lines.prompt();
    });
  }

  async #handled(line: string): Promise<Next> {
    try {
      return await this.#handle(line);
    } catch (thrown) {
      if (!(thrown instanceof Failure) && !(thrown instanceof ConversimpleError)) throw thrown;
      this.#mistake(thrown.message);
      return "go on";
    }
  }

  async #handle(line: string): Promise<Next> {
    const typed = readLine(line, signatures(this.#call.known.values()));
    switch (typed.kind) {
      case "nothing":
        return "go on";
      case "mistake":
        this.#mistake(typed.message);
        return "go on";
      case "command":
        return this.#command(typed.name);
      case "said":
        return this.#say(typed.text);
      default: {
        const asked = this.#terminal.isInteractive ? await this.#askMissing(typed.missing) : {};
        if (asked) await this.#make(typed.tool, { ...typed.arguments, ...asked });
        return "go on";
      }
    }
  }

  async #make(tool: string, input: Readonly<Record<string, unknown>>): Promise<void> {
    const made = await this.#call.make(tool, input, () => systemClock.monotonic());
    if (made.answer.kind === "error") this.#failures++;
    if (!this.#asJson) return showAnswer(tool, made, this.#terminal);
    this.#terminal.say(JSON.stringify({ tool, ...answerJson(made), ms: Math.round(made.ms * 10) / 10, changes: made.changes.map(losslessChanges), ...(made.offered ? { offered: made.offered } : {}) }));
  }

  async #say(text: string): Promise<Next> {
    const spoke = await this.#call.say(text, () => systemClock.monotonic());
    const { turn, ms, changes, offered } = spoke;
    if (this.#asJson) this.#terminal.say(JSON.stringify({ said: turn.said, toolCalls: turn.toolCalls, ms: Math.round(ms * 10) / 10, changes: changes.map(losslessChanges), ...(offered ? { offered } : {}) }));
    else showSpoken(spoke, this.#terminal);
    return turn.isOver ? "ended" : "go on";
  }

  /** The required arguments that were left out; undefined when nothing was typed for one. */
  async #askMissing(missing: readonly Argument[]): Promise<Readonly<Record<string, unknown>> | undefined> {
    const given: Record<string, unknown> = {};
    for (const argument of missing) {
      const about = argument.description === "" ? "" : `, ${argument.description}`;
      const text = await this.#ask(`  ${argument.name}${printable(about)} (${argument.wants}): `);
      if (text === undefined || text.trim() === "") {
        this.#terminal.say(this.#terminal.tone("quiet", "not called"));
        return undefined;
      }
      try {
        given[argument.name] = argument.read(text.trim());
      } catch (thrown) {
        this.#mistake((thrown as Error).message);
        return undefined;
      }
    }
    return given;
  }

  async #command(name: string): Promise<Next> {
    const terminal = this.#terminal;
    switch (name) {
      case "/tools":
        await this.#call.look();
        for (const line of toolLines(this.#call, terminal)) terminal.say(line);
        return "go on";
      case "/state":
        await this.#showState();
        return "go on";
      case "/history":
        await this.#showHistory();
        return "go on";
      case "/end":
        await this.#call.end();
        if (!this.#asJson) terminal.say(terminal.tone("quiet", "The conversation has ended."));
        return "ended";
      case "/quit":
        return "quit";
      default:
        for (const line of helpLines(terminal)) terminal.say(line);
        return "go on";
    }
  }

  async #showState(): Promise<void> {
    const state = await this.#call.state();
    if (!state) return this.#mistake("The state cannot be read from here.");
    const parts = Object.entries(state.parts);
    if (this.#asJson) return this.#terminal.say(JSON.stringify({ parts: Object.fromEntries(parts.map(([name, part]) => [name, lossless(part)])) }));
    for (const [name, value] of parts) {
      this.#terminal.say(this.#terminal.tone("strong", printable(name)));
      this.#terminal.say(partText(value, systemClock.now(), this.#terminal, 2));
    }
  }

  async #showHistory(): Promise<void> {
    const calls = (await this.#call.platform.view(this.#call.conversationId))?.toolCalls ?? [];
    if (calls.length === 0) return this.#terminal.say("No calls yet.");
    for (const line of callLines(calls, await this.#call.outcomes())) this.#terminal.say(line);
  }

  #mistake(message: string): void {
    this.#failures++;
    if (this.#terminal.isInteractive) this.#terminal.say(this.#terminal.tone("warning", printable(message)));
    else this.#terminal.complain(printable(message));
  }

  #farewell(): void {
    const { conversationId, agentId } = this.#call;
    const command = nextCommand(`call ${agentId} --conversation ${conversationId}`);
    this.#terminal.say(`\n${this.#terminal.tone("quiet", `The conversation goes on. Join it again:  ${command}`)}`);
  }
}

function signatures(tools: Iterable<RegisteredTool>): ReadonlyMap<string, readonly Argument[]> {
  return new Map([...tools].map(({ name, parameters }) => [name, argumentsOf(parameters)]));
}

function toolLines({ tools }: OpenCall, terminal: Terminal): string[] {
  return tools.flatMap(({ name, description, parameters }) => [
    `${terminal.tone("strong", name)}  ${terminal.tone("quiet", printable(description))}`,
    ...columns(argumentsOf(parameters).map((each) => [`  ${each.name}${each.isRequired ? "" : "?"}`, each.wants, printable(each.description)])),
  ]);
}

function helpLines(terminal: Terminal): string[] {
  return [
    "Say something to the agent:",
    `  ${terminal.tone("strong", "add two of P1 to my cart")}`,
    "",
    "Or call a tool by its name, TAB completes:",
    `  ${terminal.tone("strong", "add_to_cart productId=P1 quantity=2")}`,
    `  ${terminal.tone("strong", 'add_to_cart {"productId":"P1"}')}`,
    "",
    ...columns(Object.entries(LINE_COMMANDS).map(([name, what]) => [`  ${name}`, what])),
  ];
}

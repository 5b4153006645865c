// The list of commands, and which one was asked for. Each is loaded when it runs, so that none pays for the others.

import { helpOf, parse, suggestion, type Command } from "./command.ts";
import { misuse } from "./failure.ts";
import { columns, type Terminal } from "./terminal.ts";
import { packageVersion } from "./version.ts";

interface Listed {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Listed>> = {
  dev: { summary: "run agents on this machine, with a local platform; reloads on save", load: async () => (await import("./dev/command.ts")).devCommand },
  call: { summary: "talk to an agent by hand, or play a script", load: async () => (await import("./call/command.ts")).callCommand },
  start: { summary: "run agents in production, connected to the platform", load: async () => (await import("./start-command.ts")).startCommand },
  "state list": { summary: "the stored conversations", load: async () => (await import("./state/list.ts")).listCommand },
  "state show": { summary: "the state of a conversation, now or at an earlier version", load: async () => (await import("./state/show.ts")).showCommand },
  "state history": { summary: "what happened in a conversation, commit by commit", load: async () => (await import("./state/history.ts")).historyCommand },
  "state watch": { summary: "commits as they happen", load: async () => (await import("./state/watch.ts")).watchCommand },
  "state doctor": { summary: "what fills the store, and what is not as it should be", load: async () => (await import("./state/doctor.ts")).doctorCommand },
  "state reset": { summary: "drop a state that cannot be read, so that its conversation begins anew", load: async () => (await import("./state/reset.ts")).resetCommand },
};

const HINT = "See: conversimple --help";

/** Runs what was typed; returns the exit code. */
export async function runCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  const [first] = words;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    terminal.say(overview(terminal));
    return 0;
  }
  if (first === "--version" || first === "-v") {
    terminal.say(packageVersion());
    return 0;
  }
  const { listed, rest } = find(words, terminal);
  if (!listed) return 0;
  const command = await listed.load();
  const input = parse(command, rest);
  if (input !== "help") return command.run(input, terminal);
  terminal.say(helpOf(command, terminal));
  return 0;
}

/** The command and what follows its name; none when the help of a group was shown. */
function find(words: readonly string[], terminal: Terminal): { listed?: Listed; rest: readonly string[] } {
  const [first = "", second = ""] = words;
  if (Object.hasOwn(COMMANDS, first)) return { listed: COMMANDS[first]!, rest: words.slice(1) };
  const group = Object.keys(COMMANDS).filter((name) => name.startsWith(`${first} `));
  if (group.length === 0) throw misuse(first.startsWith("-") ? `There is no option ${first} without a command.` : `There is no command "${first}".${suggestion(first, [...new Set(Object.keys(COMMANDS).map((name) => name.split(" ")[0]!))])}`, HINT);
  const name = `${first} ${second}`;
  if (Object.hasOwn(COMMANDS, name)) return { listed: COMMANDS[name]!, rest: words.slice(2) };
  if (second === "--help" || second === "-h") {
    terminal.say(overview(terminal));
    return { rest: [] };
  }
  const known = group.map((each) => each.slice(first.length + 1));
  const what = second === "" || second.startsWith("-") ? `${first} needs one of: ${known.join(", ")}.` : `There is no command "${name}".${suggestion(second, known, `${first} `)}`;
  throw misuse(what, HINT);
}

function overview(terminal: Terminal): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => [`  ${name}`, summary]);
  return [
    `${terminal.tone("strong", "conversimple")} ${packageVersion()}`,
    "",
    "Voice agents whose state survives.",
    "",
    ...columns(rows, "   "),
    "",
    "  conversimple <command> --help   options of a command",
    "  conversimple --version          the version",
  ].join("\n");
}

// The list of commands, and which one was asked for. Each is loaded when it runs, so that none pays for the others.

import { helpOf, parse, suggestion, type Command } from "./command.ts";
import { misuse } from "./failure.ts";
import { columns, type Terminal } from "./terminal.ts";
import { packageVersion } from "../base/package-version.ts";

interface Listed {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Listed>> = {
  dev: { summary: "run agents on this machine, with a local platform; reloads on save", load: async () => (await import("./dev/command.ts")).devCommand },
  call: { summary: "talk to an agent by hand, or play a script", load: async () => (await import("./call/command.ts")).callCommand },
  start: { summary: "run agents in production, connected to the platform", load: async () => (await import("./start-command.ts")).startCommand },
  migrate: { summary: "bring the tables of a store to this release", load: async () => (await import("./migrate.ts")).migrateCommand },
  "state list": { summary: "the stored conversations", load: async () => (await import("./state/list.ts")).listCommand },
  "state show": { summary: "the state of a conversation, now or at an earlier version", load: async () => (await import("./state/show.ts")).showCommand },
  "state history": { summary: "what happened in a conversation, commit by commit", load: async () => (await import("./state/history.ts")).historyCommand },
  "state watch": { summary: "commits as they happen", load: async () => (await import("./state/watch.ts")).watchCommand },
  "state doctor": { summary: "what fills the store, and what is not as it should be", load: async () => (await import("./state/doctor.ts")).doctorCommand },
  "state export": { summary: "everything that is stored of a customer, as JSON", load: async () => (await import("./state/export.ts")).exportCommand },
  "state forget": { summary: "erase a customer, with a receipt", load: async () => (await import("./state/forget.ts")).forgetCommand },
  "state reset": { summary: "drop a state that cannot be read, so that its conversation begins anew", load: async () => (await import("./state/reset.ts")).resetCommand },
  "state rewrap": { summary: "encrypt the records with the newest key", load: async () => (await import("./state/rewrap.ts")).rewrapCommand },
  "state quarantine list": { summary: "the records that cannot be used", load: async () => (await import("./state/quarantine/list.ts")).listCommand },
  "state quarantine show": { summary: "why a record cannot be used, and what its journal can give back", load: async () => (await import("./state/quarantine/show.ts")).showCommand },
  "state quarantine restore": { summary: "put a good version in the place of a record that cannot be used", load: async () => (await import("./state/quarantine/restore.ts")).restoreCommand },
  "state quarantine drop": { summary: "remove a record that cannot be used", load: async () => (await import("./state/quarantine/drop.ts")).dropCommand },
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

/** The command and what follows its name; none when the help of a group was shown. A group may hold groups. */
function find(words: readonly string[], terminal: Terminal): { listed?: Listed; rest: readonly string[] } {
  for (let length = 1; ; length++) {
    const name = words.slice(0, length).join(" ");
    if (Object.hasOwn(COMMANDS, name)) return { listed: COMMANDS[name]!, rest: words.slice(length) };
    const members = namesBelow(name);
    if (members.length === 0) throw unknownCommand(words.slice(0, length));
    const next = words[length] ?? "";
    if (next === "--help" || next === "-h") {
      terminal.say(overview(terminal));
      return { rest: [] };
    }
    if (next === "" || next.startsWith("-")) throw misuse(`${name} needs one of: ${members.join(", ")}.`, HINT);
  }
}

/** The words that may follow some words. */
function namesBelow(name: string): string[] {
  const below = name === "" ? Object.keys(COMMANDS) : Object.keys(COMMANDS).filter((each) => each.startsWith(`${name} `)).map((each) => each.slice(name.length + 1));
  return [...new Set(below.map((each) => each.split(" ")[0]!))];
}

function unknownCommand(words: readonly string[]): Error {
  const [last = ""] = words.slice(-1);
  if (words.length === 1 && last.startsWith("-")) return misuse(`There is no option ${last} without a command.`, HINT);
  const group = words.slice(0, -1).join(" ");
  return misuse(`There is no command "${words.join(" ")}".${suggestion(last, namesBelow(group), group === "" ? "" : `${group} `)}`, HINT);
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

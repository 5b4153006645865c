// A call in which everything private happens, through real processes: what is private, the agent, and where to look for it.
//
// Owns the canaries and the looking. Judges nothing.
//
//   JO1. The same agent without its marks shows what the looking would find: a search that finds nothing is no proof.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Workplace } from "../cli/program.ts";

/** Texts that must be nowhere. Digits and letters that nothing else has. */
export const CANARIES = {
  pin: "canarypin83610",
  card: "canarycard4929175310067811",
  name: "Canaryname Quillfeather",
  phone: "canaryphone5550199",
  apiKey: "cs_test_canarykey7c1e9a",
  password: "canarybankpassword",
} as const;

export const ENCRYPTION_KEY = Buffer.from("canary encryption key, 32 bytes!").toString("base64");

/** @param marks whether the agent's schemas say what is private (JO1). */
export function agentSource(marks: boolean): string {
  const [pii, secret] = marks ? [".meta({ pii: true })", ".meta({ secret: true })"] : ["", ""];
  return `import { ConversimpleAgent, conversationState, session, tool, workflow } from "conversimple";
import { existsSync, writeFileSync } from "node:fs";
import { z } from "zod";

const pii = z.string()${pii};
const pin = z.string()${secret};
const contact = z.object({ phone: pii, kind: z.string().default("home") });
const verify = async (given: string) => (given === ${JSON.stringify(CANARIES.pin)} ? { id: "u1", name: ${JSON.stringify(CANARIES.name)} } : undefined);

export class CardAgent extends ConversimpleAgent {
  static override readonly agentId = "cards";
  readonly state = conversationState(z.object({
    card: pii.nullable().default(null),
    cards: z.array(z.object({ number: pii, brand: z.string() })).default([]),
    contacts: z.record(pii, contact).default({}),
    phones: z.map(z.string(), pii).default(new Map()),
    count: z.number().default(0),
  }));
  readonly session = session({ user: z.object({ id: z.string(), name: pii }) });
  readonly form = workflow({ data: { phone: pii }, initial: "asking", steps: { asking: { prompt: "Your number?", needs: ["phone"], to: ["done"] }, done: { final: true } } });

  login = tool("Log in", { username: z.string(), pin }, async ({ username, pin }) => {
    const user = await this.session.login(username, () => verify(pin));
    return { success: user !== undefined };
  });
  saveCard = tool("Save a card", { number: pii, brand: z.string().default("visa") }, ({ number, brand }) => {
    this.state.card = number;
    this.state.cards.push({ number, brand });
    return { cards: ++this.state.count };
  });
  saveContact = tool("Save a contact", { name: pii, phone: pii }, ({ name, phone }) => {
    this.state.contacts[name] = { phone, kind: "home" };
    this.state.phones.set("home", phone);
    this.form.set({ phone });
    return { saved: true };
  });
  renumber = tool("Change what is there", { number: pii }, ({ number }) => {
    this.state.cards[0]!.number = number;
    this.state.cards.shift();
    for (const name of Object.keys(this.state.contacts)) this.state.contacts[name]!.kind = "work";
    return { done: true };
  });
  tellCard = tool("Tell the card", {}, { result: z.object({ number: pii, brand: z.string() }) }, () => ({ number: this.state.card ?? "", brand: "visa" }));
  breakText = tool("Throw", { number: pii, pin }, async ({ number, pin }) => {
    throw new Error(\`pw=\${process.env.BANK_PASSWORD} card \${number} pin \${pin} of \${this.session.user?.name} key \${process.env.CONVERSIMPLE_API_KEY} at /srv/x\`, { cause: new TypeError(\`said \${this.state.card} to redis://u:\${process.env.BANK_PASSWORD}@db\`) });
  });
  breakOddly = tool("Throw what is no error", { number: pii }, ({ number }) => {
    throw \`a text with \${number}\`;
  });
  breakState = tool("Write what the schema refuses", { number: pii }, ({ number }) => {
    this.state.contacts[number] = { phone: number, kind: 5 as never };
    return {};
  });
  breakCodec = tool("Write what cannot be stored", { number: pii }, ({ number }) => {
    this.state.card = (() => number) as never;
    return {};
  });
  breakResult = tool("Return what is no JSON", { number: pii }, ({ number }) => ({ [Symbol.iterator]: number, run: () => number }));
  breakLater = tool("Leave a promise alone", { number: pii }, ({ number }) => {
    void Promise.resolve().then(() => { throw new Error("late " + number); });
    return { begun: true };
  });
  refuse = tool("Only for some", { number: pii }, { requires: () => "Not today." }, () => ({}));
  hold = tool("Wait at a gate", { number: pii, pin }, async ({ number, pin }) => {
    this.state.card = number + pin.slice(0, 0);
    writeFileSync("held", "");
    while (!existsSync("gate")) await new Promise((resolve) => setTimeout(resolve, 20));
    return { held: true };
  });
}
`;
}

const { pin, card, name, phone } = CANARIES;

/** What a caller does, in the order of a call: tool and arguments. */
export const CALLS: readonly (readonly [tool: string, input: Readonly<Record<string, unknown>>])[] = [
  ["login", { username: "kim", pin: `${pin}0` }],
  ["login", { username: "kim", pin }],
  ["save_card", { number: card }],
  ["save_card", { number: `${card}1`, brand: "amex" }],
  ["save_card", { number: [card] }],
  ["save_card", { number: card, more: phone }],
  ["save_contact", { name, phone }],
  ["renumber", { number: `${card}2` }],
  ["tell_card", {}],
  ["break_text", { number: card, pin }],
  ["break_oddly", { number: card }],
  ["break_state", { number: card }],
  ["break_codec", { number: card }],
  ["break_result", { number: card }],
  ["break_later", { number: card }],
  ["refuse", { number: card }],
];

/** The canaries that are in a text or in bytes. */
export function canariesIn(found: string | Buffer, canaries: Readonly<Record<string, string>> = { ...CANARIES, encryptionKey: ENCRYPTION_KEY }): string[] {
  // A name in a path or in JSON, a key in base64: none is written in another way than this.
  return Object.entries(canaries).filter(([, text]) => found.includes(text) || found.includes(Buffer.from(text).toString("base64").replace(/=+$/, "").slice(2, -2))).map(([which]) => which);
}

/** The canaries in the files of a workplace, by file; what the test itself put there is left out. */
export function canariesInFiles(place: Workplace): Readonly<Record<string, readonly string[]>> {
  const folder = join(place.path, ".conversimple");
  const files = readdirSync(folder).map((file) => [file, canariesIn(readFileSync(join(folder, file)))] as const);
  return Object.fromEntries(files.filter(([, found]) => found.length > 0));
}

/** The arguments of a process and of those that it started, as every user of the machine can read them. */
export function commandLines(pid: number): string {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter((child) => child !== "");
  return readFileSync(`/proc/${pid}/cmdline`, "utf8") + children.map((child) => commandLines(Number(child))).join("");
}

import { closeSync, openSync, readFileSync, readdirSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";

import { cartAgent, Workplace, type Ended } from "./program.ts";

const LIST = ["state", "quarantine", "list"];
const on = (command: string, ...words: string[]) => ["state", "quarantine", command, ...words];

function fileOf(place: Workplace): string {
  return join(place.path, ".conversimple/state.db");
}

/** Everything into the one file, so that its bytes are what is stored. */
function settle(place: Workplace): void {
  const database = new DatabaseSync(fileOf(place));
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

/** Damages the stored record of a conversation as a disk would: a byte of the file. */
function flipByte(place: Workplace, conversationId: string): void {
  settle(place);
  const bytes = readFileSync(fileOf(place));
  const database = new DatabaseSync(fileOf(place), { readOnly: true });
  const { record } = database.prepare("SELECT record FROM owners WHERE owner = ?").get(`conversation:${conversationId}`) as { record: string };
  database.close();
  const at = bytes.indexOf(record);
  expect(at).toBeGreaterThan(0);
  const file = openSync(fileOf(place), "r+");
  writeSync(file, Buffer.from([bytes[at + record.length - 20]! ^ 1]), 0, 1, at + record.length - 20);
  closeSync(file);
}

/** Two carts of agents that have stopped, one of them damaged, and the agents started again. */
async function damagedCarts(): Promise<Workplace> {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const first = await place.dev();
  await place.run(["call", "--conversation", "cart-one"], { input: "add_to_cart productId=P1 quantity=2\nadd_to_cart productId=P2\n" });
  await place.run(["call", "--conversation", "cart-two"], { input: "add_to_cart productId=P3\n" });
  await first.program.kill("SIGTERM");
  flipByte(place, "cart-one");
  return place;
}

function call(place: Workplace, id: string, line: string): Promise<Ended> {
  return place.run(["call", "--conversation", id], { input: `${line}\n` });
}

const backups = (place: Workplace) => readdirSync(place.path).filter((name) => name.startsWith("quarantined-"));

test("a flipped byte: listed, shown without a value, restored under running agents, and the call goes on", { timeout: 60_000 }, async () => {
  const place = await damagedCarts();
  await place.dev();
  const refused = await call(place, "cart-one", "add_to_cart productId=P4");
  expect(refused.out + refused.err).toMatch(/state_quarantined/);

  const list = await place.run(LIST);
  expect(list).toMatchObject({ code: 0, err: "" });
  expect(list.out).toMatch(/^RECORD +AGENT[^\n]*\ncart-one +shop +live +3 [^\n]*its checksum is wrong\n\n1 of 2 records\. Next: conversimple state quarantine show cart-one\n$/);
  expect(JSON.parse((await place.run([...LIST, "--json"])).out)).toMatchObject({ owner: "conversation:cart-one", version: 3, reason: "its checksum is wrong" });

  const shown = await place.run(on("show", "cart-o"));
  expect(shown.out).toMatch(/quarantined +its checksum is wrong\n[^]*journal +can give back version 1-3\n[^]*--raw[^]*Next: conversimple state quarantine restore cart-one, or /);
  expect(shown.out).not.toContain("P1");
  expect((await place.run(on("show", "cart-one", "--raw"))).out).toContain('"productId":"P1"');
  expect(JSON.parse((await place.run(on("show", "cart-one", "--json"))).out)).toMatchObject({ isQuarantined: true, restorable: [[1, 3]] });

  const restored = await place.run(on("restore", "cart-one"));
  expect(restored).toMatchObject({ code: 0, err: "", out: "What was stored is in quarantined-cart-one-v3.txt.\ncart-one has version 3 again, as version 4.\nNext: conversimple state show cart-one\n" });
  expect(place.read("quarantined-cart-one-v3.txt")).toMatch(/^\{"format":1,"at":3/);
  expect(statSync(join(place.path, "quarantined-cart-one-v3.txt")).mode & 0o077).toBe(0);

  const next = await call(place, "cart-one", "add_to_cart productId=P4");
  expect(next.out).toMatch(/cartSize: 3|"cartSize": ?3/);
  expect((await place.run(["state", "history", "cart-one"])).out).toMatch(/\n4 +\S+ \S+ +outside +restore +ok/);
  expect(JSON.parse((await place.run(["state", "show", "cart-one", "--at", "4", "--json"])).out)).toMatchObject({ parts: { state: { cart: [{ productId: "P1" }, { productId: "P2" }] } } });
  expect((await place.run(LIST)).out).toMatch(/^None of 2 records is quarantined\./);
});

test("an older version, a repaired backup, or what state show printed; what is wrong in it is said", { timeout: 60_000 }, async () => {
  const place = await damagedCarts();
  expect(await place.run(on("restore", "cart-one", "--version", "9"))).toMatchObject({ code: 1, err: expect.stringMatching(/cannot give back version 9\. It can give back 1-3\./) as string });
  expect(await place.run(on("restore", "cart-one", "--version", "2", "--file", "x.json"))).toMatchObject({ code: 2 });
  expect(backups(place)).toEqual([]);

  const second = await place.run(on("restore", "cart-one", "--version", "2", "--agents", "agent.ts"));
  expect(second).toMatchObject({ code: 0, out: expect.stringMatching(/has version 2 again, as version 4\.\nWhat was changed after version 2 is lost/) as string });
  expect(await place.run(on("restore", "cart-one"))).toMatchObject({ code: 1, err: expect.stringMatching(/is not quarantined; nothing was changed\.\n[^]*--force/) as string });

  // The backup is the record with one wrong byte: repaired by hand, it is taken, whatever checksum a person leaves in it.
  const backup = Buffer.from(place.read("quarantined-cart-one-v3.txt"));
  backup[backup.length - 20]! ^= 1;
  place.write("repaired.txt", backup.toString().replace(/"crc":"\w+"/, '"crc":"00000000"'));
  expect(await place.run(on("restore", "cart-one", "--force", "--no-backup", "--yes", "--file", "repaired.txt"))).toMatchObject({ code: 0 });
  expect(JSON.parse((await place.run(["state", "show", "cart-one", "--json"])).out)).toMatchObject({ version: 5, parts: { state: { cart: [{ productId: "P1", quantity: 2 }, { productId: "P2" }] } } });
  place.write("printed.json", (await place.run(["state", "show", "cart-two", "--json"])).out);
  expect(await place.run(on("restore", "cart-one", "--force", "--no-backup", "--yes", "--agents", "agent.ts", "--file", "printed.json"))).toMatchObject({ code: 0, out: expect.stringMatching(/^cart-one has the record of printed\.json again, as version 6\./) as string });
  const shown = JSON.parse((await place.run(["state", "show", "cart-one", "--json"])).out) as unknown;
  expect(shown).toMatchObject({ parts: { state: { cart: [{ productId: "P3", addedAt: { $date: expect.any(Number) as number } }] } } });

  expect(await place.run(on("restore", "cart-one", "--force", "--no-backup", "--file", "printed.json"))).toMatchObject({ code: 1, err: expect.stringMatching(/Nobody is here to confirm it: Replace what is stored of cart-one without a backup\. Nothing was done\.\n[^]*--yes/) as string });

  const record = '{"format":1,"at":1,"crc":"00000000","parts":{"state":{"version":1,"data":{"cart":[],"notes":{"$map":[]}}}}}';
  place.write("record.txt", record);
  expect(await place.run(on("restore", "cart-one", "--force", "--no-backup", "--yes", "--agents", "agent.ts", "--file", "record.txt"))).toMatchObject({ code: 0 });
  for (const [text, reason] of [
    ["{", /cannot be read/], ["[]", /holds no record/], ['{"parts":{}}', /holds no record/], ['{"format":1,"parts":{"state":{"data":1}}}', /has no version or no data/],
    [record.replace('"cart":[]', '"cart":[{"productId":7}]'), /is no better: state cannot be read/], ['{"parts":{"state":{"carts":[]}}}', /is no better/],
  ] as const) {
    place.write("wrong.json", text);
    const wrong = await place.run(on("restore", "cart-one", "--force", "--agents", "agent.ts", "--file", "wrong.json"));
    expect(wrong).toMatchObject({ code: 1, err: expect.stringMatching(reason) as string });
  }
  expect((await place.run(["state", "show", "cart-one"])).out).toMatch(/version +7\n/);
  expect(backups(place)).toEqual(["quarantined-cart-one-v3.txt"]);
});

test("what a schema does not take is found and restored with the agents", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const first = await place.dev();
  await call(place, "cart-one", "add_to_cart productId=P1");
  await first.program.kill("SIGTERM");
  // The release of today wants version 2, and its upgrade fails.
  place.write("newer/agent.ts", cartAgent().replace("),\n  );", '),\n    { version: 2, upgrade: { 1: () => { throw new Error("P1 is not for you"); } } },\n  );'));
  expect((await place.run(on("show", "cart-one"))).out).toMatch(/quarantined +no \(as far as its text goes[^]*\nNext: conversimple state quarantine show cart-one --agents <path>\n$/);
  expect((await place.run(LIST)).out).toMatch(/^None of 1 record is quarantined\.\nWhat the agents' schemas do not take is found with --agents/);
  const list = await place.run([...LIST, "--agents", "newer"]);
  expect(list.out).toMatch(/cart-one[^\n]*state cannot be read/);
  expect(list.out).not.toContain("P1");
  expect(await place.run(on("restore", "cart-one", "--agents", "newer"))).toMatchObject({ code: 1, err: expect.stringMatching(/version 2 is no better: state cannot be read/) as string });
  place.write("empty.json", '{"parts":{"state":{"cart":[]}}}');
  expect(await place.run(on("restore", "cart-one", "--agents", "newer", "--file", "empty.json"))).toMatchObject({ code: 0 });
  // The file took the version of the schema that it was written for; the release before does not read it.
  expect((await place.run([...LIST, "--agents", "agent.ts"])).out).toMatch(/state has schema version 2, this code knows 1/);
  expect((await place.run([...LIST, "--agents", "newer"])).out).toMatch(/^None of 1 record/);
});

test("a conversation that a process serves is not written to; one that was dropped begins anew under running agents", { timeout: 60_000 }, async () => {
  const place = await damagedCarts();
  await place.dev();
  await call(place, "cart-two", "add_to_cart productId=P4");
  expect(await place.run(on("restore", "cart-two", "--force", "--version", "1"))).toMatchObject({ code: 1, err: expect.stringMatching(/A process that is alive serves cart-two[^]*Nothing was changed/) as string });
  expect(backups(place)).toEqual([]);
  expect(await place.run(on("drop", "cart-two", "--yes"))).toMatchObject({ code: 1, err: expect.stringMatching(/cart-two is not quarantined; nothing was dropped/) as string });
  expect((await call(place, "cart-two", "add_to_cart productId=P5")).out).toMatch(/cartSize: 3|"cartSize": ?3/);

  await call(place, "cart-one", "add_to_cart productId=P4");
  expect(await place.run(on("drop", "cart-one"))).toMatchObject({ code: 1, err: expect.stringMatching(/Nobody is here to confirm[^]*--yes/) as string });
  expect(await place.run(on("drop", "cart-one", "--yes"))).toMatchObject({ code: 0, out: "cart-one was dropped, with 3 journal entries and 0 messages.\n" });
  expect((await call(place, "cart-one", "add_to_cart productId=P9")).out).toMatch(/cartSize: 1|"cartSize": ?1/);
});

test("records of customers are listed, restored and dropped by their key; ids that fit nothing are told", { timeout: 60_000 }, async () => {
  const place = await damagedCarts();
  const database = new DatabaseSync(fileOf(place));
  const rows = database.prepare("SELECT max(id) AS id FROM owners").get() as { id: number };
  database.prepare("INSERT INTO owners (owner, kind, version, created_at, updated_at, record) VALUES ('customer:k1', 'customer', 3, 1, 1, 'damaged')").run();
  database.close();
  expect(rows.id).toBeGreaterThan(0);
  expect((await place.run(LIST)).out).toMatch(/customer:k1 +- +live +3 [^\n]*its text is damaged/);
  expect((await place.run(on("show", "customer:k1"))).out).toMatch(/journal +can give nothing back[^]*restore customer:k1 --file <json>/);
  expect(await place.run(on("restore", "customer:k1"))).toMatchObject({ code: 1, err: expect.stringMatching(/can give nothing back[^]*--file/) as string });
  place.write("profile.json", '{"parts":{"profile":{"orders":["o1"]}}}');
  expect(await place.run(on("restore", "customer:k1", "--file", "profile.json"))).toMatchObject({ code: 0 });
  expect(place.read("quarantined-customer_k1-v3.txt")).toBe("damaged");
  expect((await place.run(on("show", "customer:k1"))).out).toMatch(/quarantined +no/);
  expect(await place.run(on("show", "customer:k2"))).toMatchObject({ code: 1, err: expect.stringMatching(/no record customer:k2/) as string });
  for (const words of [["state", "quarantine"], ["state", "quarantine", "--json"], ["state", "quarantine", "lost"], on("show"), on("list", "x")]) expect(await place.run(words)).toMatchObject({ code: 2, out: "" });
  expect((await place.run(["state", "quarantine", "lost"])).err).toMatch(/There is no command "state quarantine lost"\. Did you mean state quarantine list\?/);
});

/** A desk that remembers a name, in the words of a release. */
function nameAgent(field: string, options: string): string {
  return `
import { ConversimpleAgent, conversationState, tool } from "conversimple";
import { z } from "zod";
export class Desk extends ConversimpleAgent {
  static override readonly agentId = "desk";
  readonly state = conversationState(z.object({ name: z.string().meta({ pii: true }).default(""), ${field}: z.string().regex(/^[a-z]*$|^\\d*$/).default("") }), ${options});
  note = tool("Note", { name: z.string().meta({ pii: true }), number: z.string().optional() }, ({ name, number }) => {
    this.state.name = name;
    if (number) this.state.${field} = number;
  });
}
`;
}

test("what an upgrade refuses is repaired in the text of the record; what was printed masked is not taken for a value", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", nameAgent("phone", "{}"));
  const first = await place.dev();
  await call(place, "c1", "note name=Ann number=callme");
  await first.program.kill("SIGTERM");
  place.write("agent.ts", nameAgent("mobile", "{ version: 2, upgrade: { 1: ({ phone, ...rest }) => ({ ...rest, mobile: phone }) } }").replace("^[a-z]*$|", ""));
  const agents = ["--agents", "./agent.ts", "--store", "sqlite:.conversimple/state.db"];

  // A hint is a command that works: it needs the agents, too.
  const list = await place.run([...LIST, ...agents]);
  expect(list.out).toMatch(/Next: conversimple state quarantine show c1 --agents \.\/agent\.ts --store sqlite:\.conversimple\/state\.db\n$/);
  const shown = await place.run(on("show", "c1", ...agents));
  expect(shown.out).toMatch(/Next: conversimple state quarantine restore c1 --agents \S+ --store \S+, or conversimple state quarantine drop c1 --agents /);

  const printed = JSON.parse((await place.run(["state", "show", "c1", "--json"])).out) as { parts: { state: Record<string, string> } };
  expect(printed).toMatchObject({ schemas: { state: 1 }, parts: { state: { name: "•••", phone: "callme" } } });
  printed.parts.state.phone = "5550100";
  place.write("masked.json", JSON.stringify(printed));
  expect(await place.run(on("restore", "c1", ...agents, "--file", "masked.json"))).toMatchObject({ code: 1, err: expect.stringMatching(/^conversimple: masked\.json was printed masked: state\.name is •••, and would be stored so\.\n[^]*--reveal/) as string });
  expect(backups(place)).toEqual([]);

  // Printed in clear it has the version that it was stored in, so that the upgrade runs; and what is personal stays masked.
  printed.parts.state.name = "Ann";
  place.write("clear.json", JSON.stringify(printed));
  expect(await place.run(on("restore", "c1", ...agents, "--file", "clear.json"))).toMatchObject({ code: 0, err: "" });
  expect((await place.run(["state", "show", "c1"])).out).toMatch(/\{ name: '•••', phone: '5550100' \}/);
  await place.dev();
  await call(place, "c1", "note name=Bob");
  const after = JSON.parse((await place.run(["state", "show", "c1", "--json"])).out) as unknown;
  expect(after).toMatchObject({ schemas: { state: 2 }, parts: { state: { name: "•••", mobile: "5550100" } } });
});

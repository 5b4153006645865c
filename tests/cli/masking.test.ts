import { userInfo } from "node:os";
import { expect, test } from "vitest";

import { Workplace } from "./program.ts";

const CARD = "4929175310067811";

const AGENT = `import { ConversimpleAgent, conversationState, tool } from "conversimple";
import { z } from "zod";

export class CardAgent extends ConversimpleAgent {
  static override readonly agentId = "cards";
  readonly state = conversationState(z.object({
    cards: z.array(z.object({ number: z.string().meta({ pii: true }), brand: z.string() })).default([]),
    owners: z.record(z.string().meta({ pii: true }), z.number()).default({}),
  }));
  save = tool("Save", { number: z.string().meta({ pii: true }), brand: z.string() }, { result: z.object({ saved: z.string().meta({ pii: true }) }) }, ({ number, brand }) => {
    this.state.cards.push({ number, brand });
    this.state.owners["Jane Doe"] = this.state.cards.length;
    return { saved: number };
  });
}
`;

const typed = `save number=${CARD} brand=visa\n`;

/** The journal's entries of looks at what is masked. */
async function looks(place: Workplace): Promise<Record<string, unknown>[]> {
  const { out } = await place.run(["state", "history", "c1", "--json"]);
  return out.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ name }) => name === "reveal");
}

test("state is shown masked; in clear only for a reason, which the owner of a live conversation journals", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", AGENT);
  await place.dev();
  await place.run(["call", "cards", "--conversation", "c1"], { input: typed });
  const masked = await place.run(["state", "show", "c1"]);
  expect(masked.out).toMatch(/cards: \[ \{ number: '•••', brand: 'visa' \} \], owners: '•••' \}/);
  expect((await place.run(["state", "history", "c1"])).out).toMatch(/state\.cards\[0\], state\.owners$/m);

  expect(await place.run(["state", "show", "c1", "--reveal", "  "])).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/needs a reason/) as string });
  expect(await looks(place)).toEqual([]);
  const shown = await place.run(["state", "show", "c1", "--reveal", "complaint 17"]);
  expect(shown).toMatchObject({ code: 0, out: expect.stringContaining(CARD) as string });
  expect((await place.run(["state", "show", "c1", "--at", "2", "--json", "--reveal", "complaint 18"])).out).toContain("Jane Doe");
  await place.run(["call", "cards", "--conversation", "c1"], { input: typed });
  const source = `state show by ${userInfo().username}`;
  expect(await looks(place)).toMatchObject([{ unit: "outside", outcome: "ok", reason: "complaint 17", source, changed: [] }, { reason: "complaint 18", source, changed: [] }]);
  expect((await place.run(["state", "history", "c1"])).out).toMatch(/reveal .* complaint 17$/m);
});

test("a look at a conversation that is over is journalled at once, and its state is as it was", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", AGENT);
  await place.dev();
  await place.run(["call", "cards", "--conversation", "c1"], { input: `${typed}/end\n` });
  let status = "";
  while (status !== "ended") status = (JSON.parse((await place.run(["state", "show", "c1", "--json"])).out) as { status: string }).status;
  const before = JSON.parse((await place.run(["state", "show", "c1", "--json"])).out) as { parts: unknown };
  expect((await place.run(["state", "show", "c1", "--reveal", "an audit"])).out).toContain(CARD);
  expect(await looks(place)).toMatchObject([{ reason: "an audit" }]);
  expect(JSON.parse((await place.run(["state", "show", "c1", "--json"])).out)).toMatchObject({ parts: before.parts });
});

test("a script compares in clear, and says of something personal only that it differs", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", AGENT);
  await place.dev();
  const script = (number: string, result: string) => JSON.stringify({ agent: "cards", calls: [{ tool: "save", arguments: { number: CARD, brand: "visa" }, expect: { saved: result }, expectState: { state: { cards: [{ number }] } } }] });
  place.write("good.json", script(CARD, CARD));
  place.write("bad.json", script("4000", CARD));
  place.write("worse.json", script(CARD, "4000"));
  expect((await place.run(["call", "--script", "good.json"])).code).toBe(0);
  const bad = await place.run(["call", "--script", "bad.json"]);
  expect(bad).toMatchObject({ code: 1, out: expect.stringContaining("state differs in something personal, which is not shown") as string });
  const worse = await place.run(["call", "--script", "worse.json"]);
  expect(worse).toMatchObject({ code: 1, out: expect.stringContaining("result differs in something personal, which is not shown") as string });
  for (const { out, err } of [bad, worse]) expect(out + err).not.toContain(CARD);
});

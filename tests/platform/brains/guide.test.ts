// The dialogue of docs/guide/talking.md, played as it is written.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ConversimpleAgent, tool } from "conversimple";
import { z } from "zod";
import { WorkflowAgent } from "../../../examples/workflow/agent.ts";
import { talking } from "./talking.ts";

const page = readFileSync(new URL("../../../docs/guide/talking.md", import.meta.url), "utf8");

test("the guide's dialogue is what happens", async () => {
  const lines = page.split("\n").filter((line) => /^[>»] /.test(line));
  expect(lines.length).toBeGreaterThan(6);
  await using hotel = await talking(new WorkflowAgent());
  for (let index = 0; index < lines.length; index += 2) expect(`» ${(await hotel.say(lines[index]!.slice(2))).said}`).toBe(lines[index + 1]);
});

class TaxiAgent extends ConversimpleAgent {
  static override readonly agentId = "taxi";

  orderTaxi = tool(
    "Order a taxi",
    { street: z.string().describe("the street"), passengers: z.number().int().min(1).max(4).default(1).describe("how many passengers") },
    { examples: ["I need a taxi for two passengers"] },
    ({ street, passengers }) => ({ message: `A taxi for ${passengers} comes to ${street}.` }),
  );
}

test("the guide's taxi comes", async () => {
  await using taxi = await talking(new TaxiAgent());
  expect((await taxi.say("I need a taxi for two passengers")).said).toBe("Please tell me the street.");
  expect((await taxi.say("Hill Road")).said).toBe("A taxi for 2 comes to Hill Road.");
});

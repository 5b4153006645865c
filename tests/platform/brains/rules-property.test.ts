// Whatever is said: the rules brain calls only what is offered, with arguments that the schema accepts. The judge of the
// arguments is zod, of which the schemas are made; the brain has another validator.

import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { rulesBrain } from "../../../src/platform/brains/rules/rules-brain.ts";
import type { RegisteredTool } from "../../../src/platform/known-tools.ts";
import { FakeTalk, type Called } from "./fake-turn.ts";

const FACTS = { conversationId: "c1", agentId: "any", now: () => new Date("2026-01-01T12:00:00Z") };

/** Every kind of parameter, with limits that what is said can break. */
const KINDS: Readonly<Record<string, z.ZodType>> = {
  guests: z.number().int().min(1).max(8),
  price: z.number().positive().max(99.5).multipleOf(0.5),
  size: z.enum(["small", "extra large"]),
  breakfast: z.boolean(),
  day: z.iso.date(),
  checkOut: z.iso.date().describe("the day of departure"),
  at: z.iso.datetime(),
  productId: z.string().regex(/^P\d{1,3}$/).describe("the product's number, such as P1"),
  pin: z.string().min(4).max(6).meta({ secret: true }),
  name: z.string().min(2).max(12).describe("the caller's name"),
  email: z.email(),
  items: z.array(z.string().regex(/^P\d$/)).min(1).max(3),
  floor: z.union([z.literal(1), z.literal(2)]),
  note: z.string().nullable(),
  kind: z.literal("room"),
  address: z.object({ street: z.string() }),
};

const field = fc.constantFrom(...Object.keys(KINDS));
const verb = fc.constantFrom("book", "add", "remove", "set");
const thing = fc.constantFrom("room", "order", "dates");
const toolSpec = fc.record({
  verb,
  thing,
  required: fc.uniqueArray(field, { maxLength: 2 }),
  optional: fc.uniqueArray(field, { maxLength: 2 }),
});
const word = fc.constantFrom(
  "yes", "no", "never mind", "for", "two", "nine hundred", "minus three", "2.25", "1e309", "P1", "P12345", "p 1 2",
  "from the 3rd to the 5th of May", "tomorrow", "on 2026-02-30", "2026-02-03", "until friday at 3pm", "extra large", "small", "with breakfast", "without breakfast", "my name is", "Kim", "Bartholomew the Third",
  "the PIN is", "1 2 3 4", "one two", "kim@example.com", "and", "\"", "floor 2", "__proto__", "constructor", "room", "go ahead", "the first one", ".", "-",
);
const values = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(" "));
const sentence = fc.oneof(values, fc.tuple(verb, thing, values).map(([does, what, rest]) => `${does} the ${what} ${rest}`), word);

type Spec = { readonly verb: string; readonly thing: string; readonly required: readonly string[]; readonly optional: readonly string[] };

function schemaOf({ required, optional }: Spec) {
  const fields = [...optional.map((name) => [name, KINDS[name]!.optional()] as const), ...required.map((name) => [name, KINDS[name]!] as const)];
  return z.strictObject(Object.fromEntries(fields));
}

test("only offered tools are called, and only with arguments that their schema accepts", async () => {
  let calls = 0;
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(toolSpec, { minLength: 1, maxLength: 4, selector: ({ verb, thing }) => `${verb}_${thing}` }), fc.array(sentence, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat(4)), async (specs, sentences, offers) => {
      const schemas = new Map(specs.map((spec) => [`${spec.verb}_${spec.thing}`, schemaOf(spec)]));
      const all = specs.map((spec): RegisteredTool => ({ name: `${spec.verb}_${spec.thing}`, description: `${spec.verb} the ${spec.thing}`, parameters: z.toJSONSchema(schemas.get(`${spec.verb}_${spec.thing}`)!) as Record<string, unknown> }));
      // What is offered changes after calls, and between turns.
      let offered = all;
      const change = () => void (offered = all.filter(() => offers.next().value !== 0));
      const answer = ({ tool }: Called) => (change(), tool.startsWith("set") ? { error: "busy" } : { message: "How many guests?" });
      const talk = new FakeTalk(rulesBrain()(FACTS) as never, () => offered, answer);
      for (const text of sentences) {
        const going = talk.say(text);
        // While the brain thinks, the agent offers others.
        change();
        await going;
        change();
      }
      for (const { tool, input, offered: then } of talk.calls) {
        calls++;
        expect(then).toContain(tool);
        const judged = schemas.get(tool)!.safeParse(input);
        expect(judged.success, `${tool} ${JSON.stringify(input)}: ${judged.error?.message}`).toBe(true);
      }
    }),
    { numRuns: 150, seed: 5 },
  );
  // A brain that calls nothing would pass, too.
  expect(calls).toBeGreaterThan(20);
});

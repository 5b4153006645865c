import { expect, test } from "vitest";
import { workflow } from "conversimple";
import { z } from "zod";
import { BookingAgent } from "./booking-agent.ts";

const data = { a: z.string(), b: z.string() };
/** As somebody writes it whose compiler is silent. */
const define = (definition: object) => workflow({ data, ...definition } as never);

test.each<[contradiction: string, definition: object, message: string]>([
  ["no steps", { initial: "one", steps: {} }, "it has no steps"],
  ["an unknown initial step", { initial: "zero", steps: { one: {} } }, 'initial is "zero", which is not a step. The steps are: one'],
  ["no initial step", { steps: { one: {} } }, 'initial is "undefined"'],
  ["an inherited name as a step", { initial: "toString", steps: { one: {} } }, 'initial is "toString"'],
  ["an unknown target", { initial: "one", steps: { one: { to: ["two"] } } }, 'to of step "one" names the step "two"'],
  ["an unreachable step", { initial: "one", steps: { one: {}, two: { to: ["three"] }, three: { to: ["two"] } } }, 'step "two" and step "three" cannot be reached from "one"'],
  ["an unknown need", { initial: "one", steps: { one: { needs: ["c"] } } }, 'step "one" needs "c", which is not a field of data. The fields are: a, b'],
  ["a final step that leads on", { initial: "one", steps: { one: { final: true, to: ["one"] } } }, 'step "one" is final, but leads to one'],
  ["a final step with a deadline", { initial: "one", steps: { one: { final: true, deadlineMs: 5, onDeadline: "one" } } }, 'step "one" is final, but has a deadline'],
  ["a deadline without a consequence", { initial: "one", steps: { one: { deadlineMs: 5 } } }, 'step "one" has deadlineMs without onDeadline'],
  ["a consequence without a deadline", { initial: "one", steps: { one: { onDeadline: "one" } } }, 'step "one" has onDeadline without deadlineMs'],
  ["an unknown target of a deadline", { initial: "one", steps: { one: { deadlineMs: 5, onDeadline: "two" } } }, 'onDeadline of step "one" names the step "two"'],
  ["a deadline that is no time", { initial: "one", steps: { one: { deadlineMs: -5, onDeadline: "one" } } }, 'deadlineMs of step "one" must be'],
  ["steps that would pass over each other for ever", { initial: "one", steps: { one: { needs: ["a"], to: ["two"] }, two: { needs: ["b"], to: ["one"] } } }, '"one" -> "two" -> "one" lead in a circle'],
  ["a step that would pass over itself", { initial: "one", steps: { one: { needs: ["a"], to: ["one"] } } }, '"one" -> "one" lead in a circle'],
  ["a field that is no schema", { data: { a: "text" }, initial: "one", steps: { one: {} } }, "data.a is not a schema"],
  ["an asynchronous schema", { data: { a: { "~standard": { version: 1, vendor: "own", validate: async () => ({ value: 1 }) } } }, initial: "one", steps: { one: {} } }, "The schema is asynchronous"],
  ["a secret", { data: { card: z.object({ pin: z.string().meta({ secret: true }) }) }, initial: "one", steps: { one: {} } }, "data.card.pin is marked secret"],
  ["a version without its upgrade", { initial: "one", steps: { one: {} }, version: 3, upgrade: { 1: (old: unknown) => old } }, "no step from version 2"],
])("%s is refused when the workflow is defined", (_contradiction, definition, message) => {
  expect(() => define(definition)).toThrow(expect.objectContaining({ code: "definition_invalid", message: expect.stringContaining(message) as string }) as Error);
});

test("a circle that has a place to stop, or a deadline that leads back, is none", () => {
  expect(() => define({ initial: "one", steps: { one: { needs: ["a"], to: ["two"] }, two: { to: ["one"] } } })).not.toThrow();
  expect(() => define({ initial: "one", steps: { one: { to: ["two"] }, two: { deadlineMs: 5, onDeadline: "one" } } })).not.toThrow();
});

test("a guard and a diagram of an unknown step are refused when they are made", () => {
  const { booking } = new BookingAgent();
  expect(() => booking.at("confirmed" as never)).toThrow('at() names the step "confirmed"');
  expect(() => (booking.at as () => unknown)()).toThrow("at() names no step");
  expect(() => booking.toMermaid("confirmed" as never)).toThrow('toMermaid() names the step "confirmed"');
});

test("the diagram shows every way, what is collected on it, and where it ends", () => {
  expect(new BookingAgent().booking.toMermaid("collectingGuests")).toBe(`stateDiagram-v2
    [*] --> idle
    idle --> collectingDates
    collectingDates --> collectingGuests : checkIn, checkOut
    collectingGuests --> readyToConfirm : guests
    readyToConfirm --> completed
    readyToConfirm --> collectingDates
    completed --> [*]
    classDef current stroke-width:4px,font-weight:bold
    class collectingGuests current
`);
});

test("odd names are labels in the diagram, deadlines are ways", () => {
  const odd = workflow({
    data: { "x: y": z.string() },
    initial: "end",
    steps: { end: { needs: ["x: y"], to: ['say "hi"\n[*]'], deadlineMs: 90_000, onDeadline: "late" }, 'say "hi"\n[*]': {}, late: { to: ["step_1"] }, step_1: { final: true } },
  });
  expect(odd.toMermaid()).toBe(`stateDiagram-v2
    state "end" as step_1
    state "say #34;hi#34;#10;#91;#42;#93;" as step_2
    state "step_1" as step_4
    [*] --> step_1
    step_1 --> step_2 : x#58; y
    step_1 --> late : after 90 s
    step_2 --> [*]
    late --> step_4
    step_4 --> [*]
`);
});

// What an editor knows of a workflow: its steps and fields by name, and what is no step and no field.

import { ConversimpleAgent, tool, workflow } from "conversimple";
import type { Guard, StoredWorkflow } from "conversimple";
import { z } from "zod";

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- how two types are compared
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only when the two types are the same; `any` is the same as nothing else. */
declare function same<A, B>(...ok: Same<A, B> extends true ? [] : [never]): void;

class BookingAgent extends ConversimpleAgent {
  static override readonly agentId = "booking";
  readonly booking = workflow({
    data: { checkIn: z.iso.date(), checkOut: z.iso.date(), guests: z.number().int().min(1).max(8), at: z.date(), nights: z.coerce.number<string>() },
    check: ({ checkIn, checkOut, guests }) => {
      same<typeof checkIn, string | undefined>();
      same<typeof guests, number | undefined>();
      return !checkIn || !checkOut || checkIn < checkOut || "The departure must be after the arrival.";
    },
    initial: "idle",
    steps: {
      idle: { to: ["collectingDates"] },
      collectingDates: { prompt: "When?", needs: ["checkIn", "checkOut"], to: ["collectingGuests"], deadlineMs: 60_000, onDeadline: "idle" },
      collectingGuests: { needs: ["guests"], to: ["readyToConfirm"], deadlineMs: 60_000, onDeadline: () => { this.booking.reset(); } },
      readyToConfirm: { refusal: "Not yet.", to: ["completed", "collectingDates"] },
      completed: { final: true },
    },
  });
  readonly guard: Guard = this.booking.at("collectingDates", "collectingGuests");

  setDates = tool("Set dates", { checkIn: z.iso.date(), checkOut: z.iso.date().optional() }, { step: this.booking.at("collectingDates") }, ({ checkIn, checkOut }) => {
    this.booking.set({ checkIn, checkOut });
    this.booking.set({ guests: 2, nights: "3" });
    // @ts-expect-error there is no such field
    this.booking.set({ children: 2 });
    // @ts-expect-error guests are counted
    this.booking.set({ guests: "two" });
    this.booking.go("readyToConfirm");
    // @ts-expect-error there is no such step
    this.booking.go("confirmed");
    same<typeof this.booking.step, "idle" | "collectingDates" | "collectingGuests" | "readyToConfirm" | "completed">();
    same<typeof this.booking.data.guests, number | undefined>();
    same<typeof this.booking.data.at, Date | undefined>();
    same<typeof this.booking.data.nights, number | undefined>();
    same<typeof this.booking.prompt, string | undefined>();
    same<(typeof this.booking.missing)[number], "checkIn" | "checkOut" | "guests" | "at" | "nights">();
    // @ts-expect-error the data is changed by set
    this.booking.data.guests = 3;
    // @ts-expect-error the step is changed by go
    this.booking.step = "idle";
    return { message: this.booking.prompt };
  });
  // @ts-expect-error there is no such step
  confirm = tool("Confirm", {}, { step: this.booking.at("readyToConfrim") }, () => this.booking.reset());
  // @ts-expect-error a guard is of one step at least
  never = tool("Never", {}, { step: this.booking.at() }, () => undefined);
  picture = this.booking.toMermaid("idle");
  // @ts-expect-error there is no such step
  odd = this.booking.toMermaid("nowhere");
}
void BookingAgent;

const data = { name: z.string() };
// @ts-expect-error there is no such step to begin with
workflow({ data, initial: "start", steps: { one: {} } });
// @ts-expect-error it leads to no step of this workflow
workflow({ data, initial: "one", steps: { one: { to: ["two"] } } });
// @ts-expect-error there is no such field to need
workflow({ data, initial: "one", steps: { one: { needs: ["nam"] } } });
// @ts-expect-error there is no such step to go to
workflow({ data, initial: "one", steps: { one: { deadlineMs: 5, onDeadline: "two" } } });
// @ts-expect-error a step has no such option
workflow({ data, initial: "one", steps: { one: { next: ["one"] } } });
// @ts-expect-error a check answers true, or why not
workflow({ data, check: () => 5, initial: "one", steps: { one: {} } });
// @ts-expect-error a check answers at once
workflow({ data, check: async () => true, initial: "one", steps: { one: {} } });
// @ts-expect-error there is no such field to check
workflow({ data, check: ({ nam }) => nam !== "", initial: "one", steps: { one: {} } });
// @ts-expect-error a field is a schema
workflow({ data: { name: "text" }, initial: "one", steps: { one: {} } });
// @ts-expect-error an upgrade gives a step
workflow({ data, initial: "one", steps: { one: {} }, version: 2, upgrade: { 1: ({ data }) => ({ data }) } });
workflow({ data, initial: "one", steps: { one: {} }, version: 2, upgrade: { 1: (old: StoredWorkflow) => ({ ...old, step: "one" }) } });

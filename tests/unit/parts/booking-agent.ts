// The guide's booking: what the tests of workflows talk to.

import { ConversimpleAgent, ToolError, conversationState, tool, workflow } from "conversimple";
import { z } from "zod";

export class BookingAgent extends ConversimpleAgent {
  static override readonly agentId = "booking";
  /** What the booking service was asked. */
  readonly booked: (data: unknown) => string;

  constructor(booked: (data: unknown) => string = () => "B-1") {
    super();
    this.booked = booked;
  }

  readonly state = conversationState(z.object({ notes: z.array(z.string()).default([]) }));

  readonly booking = workflow({
    data: {
      checkIn: z.iso.date().describe("the day of arrival"),
      checkOut: z.iso.date().describe("the day of departure"),
      guests: z.number().int().min(1).max(8),
      bookingId: z.string(),
    },
    check: ({ checkIn, checkOut }) => !checkIn || !checkOut || checkIn < checkOut || "The departure must be after the arrival.",
    initial: "idle",
    steps: {
      idle: { to: ["collectingDates"] },
      collectingDates: { prompt: "When would you like to book?", needs: ["checkIn", "checkOut"], to: ["collectingGuests"] },
      collectingGuests: { prompt: "How many guests?", needs: ["guests"], to: ["readyToConfirm"] },
      readyToConfirm: { prompt: "Shall I confirm the booking?", refusal: "I only have to confirm your booking.", to: ["completed", "collectingDates"] },
      completed: { final: true },
    },
  });

  startBooking = tool("Start booking", {}, { step: this.booking.at("idle") }, () => {
    this.booking.go("collectingDates");
    return { message: this.booking.prompt };
  });

  setDates = tool("Set booking dates", { checkIn: z.string(), checkOut: z.string().optional() }, { step: this.booking.at("collectingDates") }, ({ checkIn, checkOut }) => {
    this.booking.set({ checkIn, checkOut });
    return { message: this.booking.prompt, missing: this.booking.missing };
  });

  setGuests = tool("Set the number of guests", { guests: z.number() }, { step: this.booking.at("collectingGuests") }, ({ guests }) => {
    this.booking.set({ guests });
    return { message: this.booking.prompt };
  });

  changeDates = tool("Change the dates", {}, { step: this.booking.at("readyToConfirm") }, () => {
    this.booking.go("collectingDates");
    return { message: this.booking.prompt };
  });

  confirmBooking = tool("Confirm the booking", {}, { step: this.booking.at("readyToConfirm") }, () => {
    const bookingId = this.booked(this.booking.data);
    this.booking.set({ bookingId });
    this.booking.go("completed");
    return { success: true, bookingId };
  });

  bookAnother = tool("Book another room", {}, { step: this.booking.at("completed") }, () => {
    this.booking.reset();
    return { step: this.booking.step };
  });

  /** What tests alone want: any move, at any step. */
  move = tool("Move", { to: z.string() }, ({ to }) => {
    this.booking.go(to as "completed");
    return { step: this.booking.step };
  });

  put = tool("Put", { data: z.record(z.string(), z.unknown()) }, ({ data }) => {
    this.state.notes.push("put");
    this.booking.set(data);
    return { step: this.booking.step };
  });

  fail = tool("Fail", {}, () => {
    this.booking.set({ guests: 2 });
    this.booking.go("collectingDates");
    throw new ToolError("No.");
  });

  look = tool("Look", {}, { parallel: true }, () => ({ step: this.booking.step, prompt: this.booking.prompt ?? null, missing: this.booking.missing, data: this.booking.data }));

  moveBeside = tool("Move beside", { to: z.string(), inUpdate: z.boolean() }, { parallel: true }, async ({ to, inUpdate }) => {
    const move = () => this.booking.go(to as "completed");
    if (inUpdate) await this.update(move);
    else move();
    return { step: this.booking.step };
  });

  writeData = tool("Write data", {}, () => {
    (this.booking.data as { guests?: number }).guests = 99;
  });
}

export const DATES = { checkIn: "2026-02-01", checkOut: "2026-02-04" };

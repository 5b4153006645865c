// The guide's WorkflowAgent: a booking that goes through its steps, each with what it needs.
//
// The guide keeps the step in a dict, checks it by hand in each tool, and nothing ever reaches `ready_to_confirm`. Here
// the steps are declared once: the SDK refuses a tool that comes too early, goes on by itself when all is known, and
// offers the model only what the step allows.

import { ConversimpleAgent, tool, workflow } from "conversimple";
import { z } from "zod";

/** Where rooms are booked. */
export interface Hotel {
  /** @param key the same when the same booking is asked for again. */
  book(room: { readonly checkIn: string; readonly checkOut: string; readonly guests: number }, key: string): Promise<string>;
}

/** Stands in for a real hotel, so that the example runs alone. */
const paperHotel: Hotel = { book: ({ checkIn, guests }) => Promise.resolve(`B-${checkIn}-${guests}`) };

/** How long a room is held for somebody who has to say yes, milliseconds. */
export const HELD_MS = 10 * 60_000;

export class WorkflowAgent extends ConversimpleAgent {
  static override readonly agentId = "workflow";
  readonly hotel: Hotel;

  constructor(hotel: Hotel = paperHotel) {
    super();
    this.hotel = hotel;
  }

  readonly booking = workflow({
    data: {
      checkIn: z.iso.date().describe("the day of arrival"),
      checkOut: z.iso.date().describe("the day of departure"),
      guests: z.number().int().min(1).max(8).describe("the number of guests"),
      bookingId: z.string(),
    },
    check: ({ checkIn, checkOut }) => !checkIn || !checkOut || checkIn < checkOut || "The departure must be after the arrival.",
    initial: "idle",
    steps: {
      idle: { to: ["collectingDates"] },
      collectingDates: { prompt: "When would you like to book?", needs: ["checkIn", "checkOut"], to: ["collectingGuests"] },
      collectingGuests: { prompt: "How many guests?", needs: ["guests"], to: ["readyToConfirm"] },
      readyToConfirm: { prompt: "Shall I confirm the booking?", to: ["completed", "collectingDates"], deadlineMs: HELD_MS, onDeadline: "expired" },
      expired: { prompt: "I could not hold the room any longer. Shall we look again?", to: ["collectingDates"] },
      completed: { final: true },
    },
  });

  startBooking = tool("Start a booking", {}, { step: this.booking.at("idle", "expired"), examples: ["I'd like to book a room"] }, () => {
    this.booking.go("collectingDates");
    return { message: this.booking.prompt };
  });

  setDates = tool(
    "Set the dates of the booking",
    { checkIn: z.iso.date().describe("the day of arrival"), checkOut: z.iso.date().describe("the day of departure") },
    { step: this.booking.at("collectingDates") },
    ({ checkIn, checkOut }) => {
      this.booking.set({ checkIn, checkOut });
      return { message: this.booking.prompt };
    },
  );

  setGuests = tool("Set the number of guests", { guests: z.number().int().min(1).max(8) }, { step: this.booking.at("collectingGuests") }, ({ guests }) => {
    this.booking.set({ guests });
    return { message: this.booking.prompt };
  });

  changeDates = tool("Change the dates of the booking", {}, { step: this.booking.at("readyToConfirm"), examples: ["no, let's come a day later"] }, () => {
    this.booking.go("collectingDates");
    return { message: this.booking.prompt };
  });

  confirmBooking = tool("Confirm the booking", {}, { step: this.booking.at("readyToConfirm") }, async () => {
    const { checkIn, checkOut, guests } = this.booking.data;
    const bookingId = await this.effect("book", () => this.hotel.book({ checkIn: checkIn!, checkOut: checkOut!, guests: guests! }, this.call.idempotencyKey));
    this.booking.set({ bookingId });
    this.booking.go("completed");
    return { success: true, bookingId };
  });

  getBooking = tool("Say where the booking is", { }, () => ({ step: this.booking.step, missing: this.booking.missing, ...this.booking.data }));
}

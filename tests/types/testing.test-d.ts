// What an editor knows in a test: the durable parts of the agent by field, as they are stored.

import { cache, conversationState, ConversimpleAgent, customerState, DurablePart, ephemeral, session, tool, workflow } from "conversimple";
import { testAgent } from "conversimple/testing";
import { z } from "zod";

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- how two types are compared
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only when the two types are the same; `any` is the same as nothing else. */
declare function same<A, B>(...ok: Same<A, B> extends true ? [] : [never]): void;

class Consent extends DurablePart<{ given: string[] }> {
  readonly kind = "consent";
}

class DeskAgent extends ConversimpleAgent {
  static override readonly agentId = "desk";
  readonly clerk: string = "Kim";
  readonly state = conversationState(z.object({ cart: z.array(z.object({ id: z.string(), at: z.date() })).default([]) }));
  readonly session = session({ user: z.object({ id: z.string() }) });
  readonly customer = customerState(z.object({ orders: z.number().default(0) }));
  readonly booking = workflow({ data: { guests: z.number() }, initial: "idle", steps: { idle: { to: ["done"] }, done: { final: true } } });
  readonly consent = new Consent(z.object({ given: z.array(z.string()).default([]) }));
  readonly prices = cache({ ttlMs: 1, load: (id: string) => id.length });
  readonly scratch = ephemeral(() => 1);
  book = tool("Book", () => this.booking.go("done"));
}

const call = await testAgent(new DeskAgent());
const turn = await call.tool("book");

same<keyof typeof call.state, "state" | "session" | "customer" | "booking" | "consent">();
same<typeof call.state.booking.step, "idle" | "done">();
same<typeof call.state.booking.data.guests, number | undefined>();
same<(typeof call.state.state.cart)[number]["at"], Date>();
same<NonNullable<typeof call.state.session.user>["id"], string>();
same<typeof turn.state.customer.id, string | null>();
same<typeof call.state.consent.given, string[]>();

turn.expectState({ booking: { step: "done", data: { guests: undefined } }, session: { status: "anonymous" }, state: { cart: [{ id: "P1" }] } });
call.expectState({ consent: { given: [] }, customer: { id: null } });
// @ts-expect-error there is no such part
call.expectState({ bookings: { step: "done" } });
// @ts-expect-error there is no such step
call.expectState({ booking: { step: "doen" } });
// @ts-expect-error there is no such field
call.expectState({ booking: { data: { children: 1 } } });
// @ts-expect-error the user has no name
call.expectState({ session: { user: { name: "Kim" } } });
// @ts-expect-error a plain field is no durable part
call.expectState({ clerk: "Kim" });
// @ts-expect-error a cache is not stored
call.expectState({ prices: {} });
// @ts-expect-error what is remembered of a customer is in a record of theirs
call.expectState({ customer: { orders: 1 } });

/** Of any agent: whatever parts there may be. */
async function stateOfAny(agent: ConversimpleAgent): Promise<unknown> {
  const any = await testAgent(agent);
  any.expectState({ whatever: { step: "done" } });
  return any.state.whatever;
}
void stateOfAny;

// The guide's SessionAgent: login and logout, with what the guide leaves out - tools that refuse who is not logged in, an
// end for who says nothing, and an end to guessing.

import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { ConversimpleAgent, conversationState, session, tool } from "conversimple";
import { z } from "zod";

const hash = promisify<string, Buffer, number, Buffer>(scrypt);

/** Who can log in. A real one asks a database. */
export class AuthService {
  readonly #accounts = new Map<string, { readonly username: string; readonly salt: Buffer; readonly digest: Buffer }>();
  /** What a name that nobody has is compared with, so that it takes as long as any. */
  readonly #nobody = { salt: randomBytes(16), digest: randomBytes(32) };
  readonly #registered: Promise<unknown>;
  /** How often a PIN was compared. */
  comparisons = 0;

  /** @param pins of accounts that are there from the beginning, by name. */
  constructor(pins: Readonly<Record<string, string>> = {}) {
    this.#registered = Promise.all(Object.entries(pins).map(([username, pin]) => this.register(username, pin)));
  }

  async register(username: string, pin: string): Promise<void> {
    const salt = randomBytes(16);
    this.#accounts.set(username.toLowerCase(), { username, salt, digest: await hash(pin, salt, 32) });
  }

  /** Compares digests, not PINs: they have one length, and the time tells nothing. `scrypt` leaves the event loop free. */
  async authenticate(username: string, pin: string): Promise<{ id: string; username: string } | undefined> {
    this.comparisons += 1;
    await this.#registered;
    const account = this.#accounts.get(username.trim().toLowerCase());
    const { salt, digest } = account ?? this.#nobody;
    const isRight = timingSafeEqual(await hash(pin, salt, 32), digest);
    return account && isRight ? { id: `U-${account.username.toLowerCase()}`, username: account.username } : undefined;
  }
}

export class SessionAgent extends ConversimpleAgent {
  static override readonly agentId = "session";
  readonly auth: AuthService;

  /** Whoever tries it out with `npm start` is Kim, and has the PIN 1234. */
  constructor(auth: AuthService = new AuthService({ Kim: "1234" })) {
    super();
    this.auth = auth;
  }

  readonly state = conversationState(z.object({ cart: z.array(z.string()).default([]), orders: z.array(z.array(z.string())).default([]) }));
  readonly session = session({ user: z.object({ id: z.string(), username: z.string() }), idleTimeoutMs: 5 * 60_000 });

  login = tool(
    "Log the caller in",
    { username: z.string().describe("the caller's name"), pin: z.string().meta({ secret: true }).describe("the caller's PIN") },
    { examples: ["my name is Kim and my PIN is one two three four"] },
    async ({ username, pin }) => {
      const user = await this.session.login(username, () => this.auth.authenticate(username, pin));
      if (!user) return { success: false, error: "Invalid credentials" };
      return { success: true, user: user.username };
    },
  );

  logout = tool("Log the caller out", { }, { examples: ["log me out"] }, () => {
    this.session.logout();
    return { success: true };
  });

  addToCart = tool("Add a product to the cart", { productId: z.string() }, { requires: this.session }, ({ productId }) => {
    this.state.cart.push(productId);
    return { success: true, cartSize: this.state.cart.length };
  });

  /** It costs money: the PIN has to be fresh. */
  placeOrder = tool("Order what is in the cart", { }, { requires: this.session.within(2 * 60_000) }, () => {
    this.state.orders.push(this.state.cart);
    this.state.cart = [];
    return { success: true, orders: this.state.orders.length };
  });

  getProfile = tool("Say who the caller is", { }, { requires: this.session, parallel: true }, () => ({ user: this.session.user, since: this.session.startedAt }));
}

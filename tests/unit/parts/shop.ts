// The agent of the session tests: a shop whose callers log in with a PIN.

import { z } from "zod";

import { conversationState, ConversimpleAgent, session, tool, ToolError, type SessionOptions } from "../../../src/index.ts";
import type { SessionPart } from "../../../src/parts/session.ts";

export const user = z.object({ id: z.string(), name: z.string(), roles: z.array(z.string()).default([]) });

type Options = Omit<SessionOptions<typeof user>, "user">;

/** Field initialisers run before a constructor's body, so that the options come by a class of their own. */
export function shopWith(options: Options = {}) {
  return class ShopAgent extends ConversimpleAgent {
    static override readonly agentId = "shop";
    /** The accounts for which the secret was compared, in order. */
    readonly looks: { list: string[] } = { list: [] };
    /** What happens while a secret is compared. */
    readonly outside: { verify: () => void | Promise<void> } = { verify: () => {} };
    readonly state = conversationState(z.object({ cart: z.array(z.string()).default([]), notes: z.number().default(0) }));
    readonly session = session({ user, ...options });

    async verify(account: string, pin: string) {
      this.looks.list.push(account);
      await this.outside.verify();
      if (pin === "odd") return { id: 7 } as unknown as { id: string; name: string };
      return pin === "1234" ? { id: `u-${account}`, name: account, extra: "dropped" } : null;
    }

    login = tool("Log in", { account: z.string(), pin: z.string().meta({ secret: true }), after: z.enum(["throw", "refuse", "nothing"]).default("nothing") }, async ({ account, pin, after }) => {
      const found = await this.session.login(account, () => this.verify(account, pin));
      if (after === "throw") throw new Error("after the login");
      if (after === "refuse") throw new ToolError("Not today.");
      return found ? { success: true, name: found.name } : { success: false, error: "Invalid credentials" };
    });
    logout = tool("Log out", () => {
      this.session.logout();
      return { success: true };
    });
    add = tool("Add", { product: z.string() }, { requires: this.session }, ({ product }) => this.state.cart.push(product));
    addTwice = tool("Add twice", async () => {
      await this.add({ product: "a" });
      return this.add({ product: "b" });
    });
    look = tool("Look", {}, { requires: this.session, parallel: true }, () => ({ cart: [...this.state.cart], name: this.session.user?.name }));
    pay = tool("Pay", {}, { requires: this.session.within(60_000) }, () => "paid");
    who = tool("Who is it", () => ({ authenticated: this.session.authenticated, user: this.session.user, id: this.session.id, startedAt: this.session.startedAt }));
    note = tool("Note", () => ++this.state.notes);
    wait = tool("Do nothing", () => "done");
    parallelLogin = tool("Log in beside others", {}, { parallel: true }, async () => (await this.session.login("kim", () => this.verify("kim", "1234"))) !== undefined);
    parallelLogout = tool("Log out beside others", {}, { parallel: true }, async () => this.update(() => this.session.logout()));
    loginBoth = tool("Log two in at once", async () => {
      await Promise.all(["kim", "lee"].map((account) => this.session.login(account, () => this.verify(account, "1234"))));
    });
    key = tool("Say under which key attempts are counted", () => ({ key: (this.session as unknown as SessionPart).accountKey }));
    elevate = tool("Try to become another", {}, () => {
      this.session.user!.roles.push("admin");
      return this.session.user!.roles;
    });
  };
}

export const ShopAgent = shopWith();

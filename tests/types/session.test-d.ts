// What an editor infers of a session: the user's type, what verify must give, and what it refuses.

import { ConversimpleAgent, session, tool, type Guard, type Session } from "conversimple";
import * as v from "valibot";
import { z } from "zod";

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- how two types are compared
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only when the two types are the same; `any` is the same as nothing else. */
declare function same<A, B>(...ok: Same<A, B> extends true ? [] : [never]): void;

interface Customer {
  readonly id: string;
  readonly username: string;
}
declare const accounts: {
  verify(username: string, pin: string): Promise<Customer | null>;
  check(username: string, pin: string): Customer | false;
};

class ShopAgent extends ConversimpleAgent {
  static override readonly agentId = "shop";
  readonly session = session({ user: z.object({ id: z.string(), username: z.string(), roles: z.array(z.string()).default([]) }), idleTimeoutMs: 5 * 60_000, lockout: { attempts: 3 } });
  readonly plain = session({ user: v.string(), lockout: false });

  login = tool("Log in", { username: z.string(), pin: z.string().meta({ secret: true }) }, async ({ username, pin }) => {
    const user = await this.session.login(username, () => accounts.verify(username, pin));
    // Defaults are optional in what verify gives, and there in what a session has.
    same<typeof user, { id: string; username: string; roles: string[] } | undefined>();
    same<typeof user, typeof this.session.user>();
    await this.session.login(username, () => accounts.check(username, pin));
    await this.session.login(username, () => undefined);
    // @ts-expect-error a user has a name
    await this.session.login(username, () => ({ id: "u1" }));
    // @ts-expect-error that a secret is right does not say whose it is
    await this.session.login(username, () => pin === "1234");
    // @ts-expect-error verify compares the secret
    await this.session.login(username);
    // @ts-expect-error an account is a text
    await this.session.login(7, () => undefined);
    same<Awaited<ReturnType<typeof this.plain.login>>, string | undefined>();
    // @ts-expect-error it may be nobody
    return this.session.user.id;
  });

  add = tool("Add", {}, { requires: this.session }, () => this.session.startedAt?.getTime());
  pay = tool("Pay", {}, { requires: [this.session, this.session.within(60_000)] }, () => this.session.id);
  both: Session<string> & Guard = this.plain;

  forget(): void {
    this.session.logout();
    // @ts-expect-error who the caller is comes from a login
    this.session.user = { id: "u2", username: "kim", roles: [] };
    // @ts-expect-error and whether they are
    this.session.authenticated = true;
  }
}
void ShopAgent;

// @ts-expect-error a session is somebody's
session({});
// @ts-expect-error there is no such option
session({ user: z.string(), idleTimeout: 5 });
// @ts-expect-error there is no such option
session({ user: z.string(), lockout: { tries: 5 } });
// @ts-expect-error a lockout is described, or false
session({ user: z.string(), lockout: true });

// Reading an inbox to its end.
//
//   IN1. Nothing that waits from the beginning to the end of the reading is missed; what is applied meanwhile may be in it.

import type { Owner, Store, WaitingMessage } from "./store.ts";

/** Everything that waits in an inbox, oldest first (IN1). */
export async function wholeInbox(store: Pick<Store, "inbox">, owner: Owner): Promise<readonly WaitingMessage[]> {
  const messages = new Map<string, WaitingMessage>();
  for (let after: string | undefined; ; ) {
    const page = await store.inbox(owner, after);
    // A page that begins anew, since the last message was applied, has known ones in it.
    for (const message of page) messages.set(message.id, message);
    if (page.length === 0) return [...messages.values()];
    after = page.at(-1)!.id;
  }
}

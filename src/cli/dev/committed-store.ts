// A store that tells of every commit: what `dev` prints a line for.

import { openEntry } from "../../state/journal.ts";
import { idOf, type Change, type Committed as Stored, type Owner, type Store } from "../../state/store.ts";
import { Changes, pathsOf } from "../../state/changes.ts";
import { outcomeOf } from "../outcome.ts";
import type { Committed } from "./report.ts";

/** The store, with `onCommit` called after each commit of a conversation. */
export function committedStore(store: Store, onCommit: (committed: Committed) => void): Store {
  const changes = new Changes();
  const commit = async (owner: Owner, change: Change): Promise<Stored> => {
    const stored = await store.commit(owner, change);
    if (change.expectedVersion === 0) changes.begin(owner, {});
    if (change.entry !== undefined && owner.startsWith("conversation:")) onCommit(committed(owner, change.entry, changes));
    return stored;
  };
  return new Proxy(store, {
    get(target, key) {
      if (key === "commit") return commit;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value as (...inputs: unknown[]) => unknown).bind(target) : value;
    },
  });
}

function committed(owner: Owner, text: string, changes: Changes): Committed {
  const entry = openEntry(owner, text);
  const { unit, callId, ms } = entry;
  const name = unit === "deadline" ? `deadline of ${entry.name}` : entry.name;
  return { type: "committed", conversationId: idOf(owner), name, callId, outcome: outcomeOf(entry), ms: ms[2], paths: pathsOf(changes.of(owner, entry)) };
}

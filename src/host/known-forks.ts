// Forks as their sources know them, so that who erases a customer finds also those that are older than the moment in which
// somebody said whose the conversation is.                                                             (P22)
//
//   KF1. A source is told before its fork is stored: there is none that nobody names. One that is somebody's already is not
//        told: its forks are listed as that customer's.
//   KF2. A live source hears it through its inbox, as from any outside writer (P16); one that is over, and will never be
//        anybody's itself but may be a fork of one that will, is written to at once: nobody serves it.
//   KF3. What is named is a fork only as long as its journal does not begin as another conversation's: an id may be taken
//        again when a fork is gone.

import { randomUUID } from "node:crypto";

import { encode } from "../base/codec.ts";
import { codeOf, ConversimpleError } from "../base/errors.ts";
import { addForks, FORKS, forksSlice, namedIn, visitsSlice, type Named, type Visits } from "../parts/customer-record.ts";
import { wholeInbox } from "../state/inbox.ts";
import { openEntry, type JournalEntry } from "../state/journal.ts";
import { diff } from "../state/patch.ts";
import { openRecord, partText, sealRecord, sealText } from "../state/record.ts";
import { idOf, type Loaded, type Owner, type Store } from "../state/store.ts";
import { readMail, type Mail } from "./mail.ts";
import type { UnitRun } from "./unit-run.ts";

/** The name of the unit that begins a fork. */
export const FORK = "fork";
/** The name of the unit by which its source remembers it. */
export const FORKED = "forked";

/** Forks of one conversation, and how often it is tried to tell it of one: others write to it, too. */
const MOST = 1_000;
const TRIES = 10;

/** What is said of a fork. */
export function forkedAs(fork: Owner): string {
  return `as ${idOf(fork)}`;
}

/** Remembers a fork in the unit of its source; where somebody was identified since it was told, in the customer's record, too. */
export async function rememberFork(run: UnitRun, fork: Owner): Promise<void> {
  const known = (run.draft(forksSlice) ?? []) as readonly Owner[];
  if (!known.includes(fork)) run.replace(forksSlice, [...known, fork]);
  const { customer } = run;
  if (customer === undefined) return;
  try {
    await run.joint.update(customer, [visitsSlice], { name: FORKED, operationId: run.nextOperationId(FORKED) }, (value) => addForks(value(visitsSlice) as Visits, [fork]));
  } catch (thrown) {
    // Who erases them reads this conversation next.
    if (codeOf(thrown) !== "customer_forgotten") throw thrown;
  }
}

/**
 * Tells a conversation of a fork that is about to be made of it (KF1).
 *
 * @returns the conversation as it was found afterwards: somebody may have been identified meanwhile, or erased.
 * @throws {ConversimpleError} `option_invalid`: it has too many; `state_unavailable`, `version_conflict`: try again.
 */
export async function tell(store: Store, source: Loaded, fork: Owner, by: string): Promise<Loaded | undefined> {
  let found: Loaded | undefined = source;
  for (let tries = 0; found && found.facts.status !== "forgotten" && found.facts.customer === null; tries++) {
    let failure: unknown;
    try {
      await (found.facts.status === "live" ? post(store, found, fork, by) : write(store, found, fork, by));
    } catch (thrown) {
      if (!CHANGED.has(codeOf(thrown) ?? "") || tries === TRIES) throw thrown;
      failure = thrown;
    }
    found = await store.load(source.owner);
    if (failure === undefined) break;
  }
  return found;
}

/** It ended, was erased, or was written to by somebody else meanwhile. */
const CHANGED: ReadonlySet<string> = new Set(["conversation_ended", "conversation_not_found", "version_conflict", "fenced", "state_lost"]);

/** KF2. */
function post(store: Store, source: Loaded, fork: Owner, by: string): Promise<void> {
  forksOf(source);
  const mail: Mail = { kind: "fork", fork, source: by };
  return store.post(source.owner, { id: `${FORK}:${fork}`, text: sealText(mail) });
}

/** KF2. */
async function write(store: Store, source: Loaded, fork: Owner, by: string): Promise<void> {
  const { owner, version, epoch, record } = source;
  const before = forksOf(source);
  const forks = [...(before ?? []), fork];
  const parts = [...openRecord(owner, version, record!)].filter(([name]) => name !== FORKS);
  const texts = parts.map(([name, part]) => [name, partText(part.version, part.mask, encode(part.data, name))] as const);
  const entry: JournalEntry = { unit: "outside", name: FORKED, outcome: "ok", ms: [0, 0, 0], source: by, reason: forkedAs(fork), patches: { [FORKS]: diff(before, forks) } };
  const sealed = sealRecord(owner, version + 1, [...texts, [FORKS, partText(forksSlice.schemaVersion, undefined, encode(forks))]]);
  await store.commit(owner, { writeId: randomUUID(), expectedVersion: version, epoch, record: sealed, entry: sealText(entry) });
}

/** @throws {ConversimpleError} `option_invalid`: there are as many as there may be. */
function forksOf({ owner, version, record }: Loaded): readonly Owner[] | undefined {
  const forks = openRecord(owner, version, record!).get(FORKS)?.data as readonly Owner[] | undefined;
  if (forks && forks.length >= MOST) throw new ConversimpleError("option_invalid", `The conversation has ${MOST} forks. Fork one of them.`, { conversation: idOf(owner) });
  return forks;
}

/** What a stored owner names that goes with its customer; `isUnreadable`: its record does not tell. */
export async function namedBy(store: Store, { owner, version, record, mail }: Loaded): Promise<Named & { readonly isUnreadable: boolean }> {
  const forks = mail === 0 ? [] : (await wholeInbox(store, owner)).flatMap((message) => forkIn(() => readMail(owner, message)));
  if (record === null) return { accounts: [], forks, isUnreadable: false };
  try {
    const named = namedIn(openRecord(owner, version, record));
    return { accounts: named.accounts, forks: [...named.forks, ...forks], isUnreadable: false };
  } catch {
    return { accounts: [], forks, isUnreadable: true };
  }
}

function forkIn(read: () => ReturnType<typeof readMail>): readonly Owner[] {
  try {
    const mail = read();
    return mail.kind === "fork" ? [mail.fork] : [];
  } catch {
    return [];
  }
}

/** Whether what is named may be a fork (KF3); also one that is still to be stored. */
export async function mayBeFork(store: Store, fork: Owner): Promise<boolean> {
  const [first] = await store.history(fork, { limit: 1 });
  if (first?.version !== 1 || first.text === null) return true;
  try {
    const { unit, name } = openEntry(fork, first.text);
    return unit === "outside" && name === FORK;
  } catch {
    return true;
  }
}

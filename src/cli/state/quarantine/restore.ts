// `conversimple state quarantine restore <id>`
//
//   RS1. What was stored is in a file before anything else is written, unless somebody says no, and
//        confirms that it may be lost.
//   RS2. A record is written as its owner would: with an epoch, the version that was seen, and a journal entry with a
//        snapshot, so that the journal goes on from here.
//   RS3. With the agents, what their schemas do not take is not written.
//   RS4. A process that answered `state_quarantined` until now picks it up with the next call (host, AH4).

import { randomUUID } from "node:crypto";

import { encode } from "../../../base/codec.ts";
import type { MaskPath } from "../../../base/marks.ts";
import { RecordDocument } from "../../../state/document.ts";
import { encryptedHead, storedText } from "../../../state/encrypted-text.ts";
import { JournalWriter } from "../../../state/journal.ts";
import { partText, sealRecord } from "../../../state/record.ts";
import type { Loaded, Owner, Store } from "../../../state/store.ts";
import { EncryptedStore } from "../../../stores/encryption/store.ts";
import { helpHint, type Command, type Input } from "../../command.ts";
import { isConfirmed } from "../../confirmation.ts";
import { Failure, misuse } from "../../failure.ts";
import { nextCommand } from "../../next-command.ts";
import { openToRead, readAddress } from "../../store-address.ts";
import { currentParts, journalOf } from "../conversations.ts";
import { checkKeyIsHere } from "../missing-key.ts";
import { checkSchemas, definitionsOf, QUARANTINE_OPTIONS, reasonAgainst, refusalOf, type Definitions } from "./judgement.ts";
import { findOwner, nameOf, owning } from "./owner.ts";
import { pastParts, rangesText, restorableVersions, type PastParts } from "./past.ts";
import { readRecordFile, writeBackup } from "./record-file.ts";

export const restoreCommand: Command = {
  name: "state quarantine restore",
  summary: "Puts the newest good version of the journal in the place of a record that cannot be used, or what a file holds.",
  takes: "<id>",
  count: [1, 1],
  options: {
    version: { value: "<n>", summary: "this version instead of the newest one that the journal can give back" },
    file: { value: "<json>", summary: "a record from a file: a backup that was repaired, or what state show --json --reveal printed" },
    force: { summary: "also where the record can be used, or needs a key that is not given" },
    "no-backup": { summary: "do not write what was stored to a file; asks" },
    yes: { summary: "do not ask" },
    ...QUARANTINE_OPTIONS,
  },
  notes: ["What was stored goes to a file in this folder first: it may hold personal data.", "Agents may go on: they pick the conversation up with its next call."],
  async run(input, terminal) {
    const definitions = await definitionsOf(input);
    const address = readAddress(input.text("store"));
    const store = await openToRead(address);
    try {
      const loaded = await findOwner(store, input.positionals[0]!);
      const id = nameOf(loaded.owner);
      checkNeed(loaded, definitions, input);
      if (!input.flag("force")) checkKeyIsHere(store, loaded);
      const source = await sourceOf(store, loaded, definitions, input);
      const restored = restorationOf(loaded, source.parts);
      const reason = refusalOf(() => checkSchemas(loaded.owner, restored.version, restored.record, loaded.facts.agentId, definitions));
      if (reason !== undefined) throw new Failure(`${source.name} is no better: ${reason}. Nothing was changed.`, { remedy: "Another version: --version <n>; one that was written by hand: --file <json>" });
      const isLost = input.flag("no-backup") && loaded.record !== null;
      if (isLost && !input.flag("yes") && !(await isConfirmed(`Replace what is stored of ${id} without a backup`, terminal))) throw new Failure("Nothing was changed.");
      await owning(store, loaded, async ({ epoch }) => {
        const backup = loaded.record === null || input.flag("no-backup") ? undefined : writeBackup(id, loaded.version, await storedRecord(address, loaded));
        await store.commit(loaded.owner, { writeId: randomUUID(), expectedVersion: loaded.version, epoch, record: restored.record, entry: restored.entry });
        if (backup !== undefined) terminal.say(`What was stored is in ${backup}.`);
      });
      terminal.say(`${id} has ${source.name} again, as version ${restored.version}.`);
      if (source.version !== undefined && source.version < loaded.version) terminal.say(terminal.tone("warning", `What was changed after version ${source.version} is lost; the answers of those calls are kept.`));
      if (loaded.owner.startsWith("conversation:")) terminal.say(`Next: ${nextCommand(`state show ${id}${input.again("store")}`)}`);
      return 0;
    } finally {
      await store.close();
    }
  },
};

/** @throws {Failure} The record can be used and nobody insists. */
function checkNeed(loaded: Loaded, definitions: Definitions, input: Input): void {
  if (loaded.facts.status === "forgotten") throw new Failure(`${nameOf(loaded.owner)} was erased on request; nothing is written under it any more.`);
  if (reasonAgainst(loaded, definitions) !== undefined || input.flag("force")) return;
  throw new Failure(`${nameOf(loaded.owner)} is not quarantined; nothing was changed.`, { remedy: definitions.size === 0 ? "If an agent's schema does not take it: --agents <path>. To go back in time all the same: --force" : "To go back in time all the same: --force" });
}

interface Source {
  /** For messages: `version 17`. */
  readonly name: string;
  /** The version that the journal gave. */
  readonly version?: number;
  readonly parts: PastParts;
}

/** What is put in the record's place. @throws {Failure} There is nothing. */
async function sourceOf(store: Store, loaded: Loaded, definitions: Definitions, input: Input): Promise<Source> {
  const { owner, facts } = loaded;
  const file = input.text("file");
  const wanted = input.number("version", 1, Number.MAX_SAFE_INTEGER);
  if (file !== undefined && wanted !== undefined) throw misuse("Give --version or --file, not both.", helpHint("state quarantine restore"));
  if (file !== undefined) {
    const slices = definitions.get(facts.agentId ?? "")?.slices;
    const masks = knownMasks(loaded);
    const beside = (part: string) => {
      const slice = slices?.find(({ name }) => name === part);
      return { version: slice?.schemaVersion ?? 1, mask: slice ? (slice.masks ?? []) : masks(part) };
    };
    return { name: `the record of ${file}`, parts: readRecordFile(file, (text) => decrypted(store, owner, text), beside) };
  }
  const entries = await journalOf(store, owner);
  const ranges = restorableVersions(owner, entries);
  const version = wanted ?? ranges.at(-1)?.[1];
  const parts = version === undefined ? undefined : pastParts(owner, entries, version);
  if (version !== undefined && parts) return { name: `version ${version}`, version, parts };
  throw new Failure(ranges.length === 0 ? "The journal can give nothing back." : `The journal cannot give back version ${version}. It can give back ${rangesText(ranges)}.`, { remedy: "A record from a file: --file <json>" });
}

/** What is masked in a part, as the present record says; where nobody can say what is personal, all of it is. (P21) */
function knownMasks(loaded: Loaded): (part: string) => readonly MaskPath[] {
  try {
    const { clear, masks } = currentParts(loaded);
    return (part) => (part in clear ? (masks[part] ?? []) : [""]);
  } catch {
    return () => [""];
  }
}

/** A backup of an encrypted store is encrypted. */
function decrypted(store: Store, owner: Owner, text: string): string {
  return encryptedHead(text) && store instanceof EncryptedStore ? store.recordText(owner, text) : text;
}

/** The texts of the commit (RS2). */
function restorationOf({ owner, version: before }: Loaded, parts: PastParts): { readonly version: number; readonly record: string; readonly entry: string } {
  const version = before + 1;
  const record = sealRecord(owner, version, [...parts].map(([name, part]) => [name, partText(part.version, part.mask, encode(part.data, name))] as const));
  const document = RecordDocument.open(owner, version, record, []);
  const facts = { unit: "outside", name: "restore", outcome: "ok", ms: [0, 0, 0], source: "cli" } as const;
  // The first change that a writer is given is a snapshot.
  return { version, record, entry: new JournalWriter().entry(facts, document, version, { parts: new Map(), patches: {} }) };
}

/** The text as it lies in the store, encrypted if it is: what cannot be decrypted today may be tomorrow. */
async function storedRecord(address: string, { owner, record }: Loaded & { readonly owner: Owner }): Promise<string> {
  const store = await openToRead(address, { encryption: false });
  try {
    return (await store.load(owner))?.record ?? storedText(record ?? "");
  } finally {
    await store.close();
  }
}

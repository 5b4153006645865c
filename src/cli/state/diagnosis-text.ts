// How the doctor's findings look on a terminal.

import { agoText, sizeText } from "../rendering.ts";
import { columns, printable, type Terminal } from "../terminal.ts";
import type { Diagnosis } from "./diagnosis.ts";

/** Characters of a full bar. */
const BAR = 12;
/** Characters of an id; those of customers are long hashes. */
const ID = 28;

export function showDiagnosis(found: Diagnosis, terminal: Terminal, nowMs: number): void {
  terminal.say(terminal.tone("strong", printable(found.store)));
  for (const line of columns(summaryOf(found), "   ")) terminal.say(line);
  if (found.fields.length === 0 && found.unreadable.count === 0) return terminal.say("\nNothing is stored yet.");
  table(terminal, "Largest fields", fieldRows(found));
  table(terminal, "Largest records", recordRows(found));
  showTroubles(found, terminal, nowMs);
}

function summaryOf({ conversations, customers, recordBytes, journalBytes, journalEntries }: Diagnosis): string[][] {
  const { live, ended, forgotten } = conversations;
  const whole = recordBytes + journalBytes;
  return [
    ["conversations", `${count(live + ended + forgotten)} (${count(live)} live, ${count(ended)} ended${forgotten === 0 ? "" : `, ${count(forgotten)} forgotten`})`],
    ["customers", count(customers)],
    ["records", sizeText(recordBytes)],
    ["journal", `${sizeText(journalBytes)} in ${count(journalEntries)} entries${whole === 0 ? "" : `, ${percent(journalBytes / whole)} of both`}`],
  ];
}

function fieldRows({ fields, recordBytes }: Diagnosis): string[][] {
  const largest = fields[0]?.totalBytes ?? 0;
  return [
    ["FIELD", "OF", "RECORDS", "TOTAL", "AVERAGE", "LARGEST", "IN", "SHARE"],
    ...fields.map(({ field, of, records, totalBytes, averageBytes, largestBytes, largestIn }) => [
      printable(field), of, count(records), sizeText(totalBytes), sizeText(averageBytes), sizeText(largestBytes), idText(largestIn), `${bar(totalBytes, largest)} ${percent(totalBytes / recordBytes)}`,
    ]),
  ];
}

function recordRows({ largestRecords }: Diagnosis): string[][] {
  const largest = largestRecords[0]?.bytes ?? 0;
  return [["RECORD", "OF", "SIZE", ""], ...largestRecords.map(({ id, of, bytes }) => [idText(id), of, sizeText(bytes), bar(bytes, largest)])];
}

function showTroubles({ nearLimit, silent, unreadable }: Diagnosis, terminal: Terminal, nowMs: number): void {
  if (nearLimit.count > 0) {
    table(terminal, `${count(nearLimit.count)} above 80 % of the limit`, [
      ["RECORD", "PART", "SIZE", "LIMIT"],
      ...nearLimit.largest.map(({ id, part, bytes, limit }) => [idText(id), printable(part ?? "(all)"), sizeText(bytes), `${bar(bytes, limit)} ${percent(bytes / limit)} of ${sizeText(limit)}`]),
    ]);
    terminal.say(terminal.tone("quiet", "A part may hold 64 KiB unless its maxBytes says otherwise, a record 1 MiB. Store ids, not documents."));
  }
  if (silent.count > 0) {
    terminal.say(`\n${terminal.tone("warning", `${count(silent.count)} live, but silent`)}: nobody serves them, and nothing happened for over an hour (${idText(silent.oldest ?? "")}: ${agoText(silent.oldestAtMs ?? nowMs, nowMs)}).`);
    terminal.say(terminal.tone("quiet", "A running process with their agent ends them as abandoned. Which: conversimple state list --status live"));
  }
  if (unreadable.count > 0) {
    terminal.say(`\n${terminal.tone("bad", `${count(unreadable.count)} cannot be read`)}`);
    for (const line of columns(unreadable.reasons.map(({ reason, records, example }) => [`  ${count(records)}`, printable(reason), idText(example)]))) terminal.say(line);
    terminal.say(terminal.tone("quiet", "They are kept as they are. Next: conversimple state quarantine list"));
  }
  if (nearLimit.count + silent.count + unreadable.count === 0) terminal.say(`\n${terminal.tone("good", "Nothing is near its limit, silent or unreadable.")}`);
}

function table(terminal: Terminal, title: string, rows: readonly (readonly string[])[]): void {
  const [head = "", ...lines] = columns(rows);
  terminal.say(`\n${terminal.tone("strong", title)}`);
  terminal.say(terminal.tone("quiet", head));
  for (const line of lines) terminal.say(line);
}

function bar(part: number, whole: number): string {
  return "█".repeat(whole === 0 ? 0 : Math.max(1, Math.round((part / whole) * BAR))).padEnd(BAR);
}

function percent(share: number): string {
  return share > 0 && share < 0.01 ? "<1 %" : `${Math.round(share * 100)} %`;
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function idText(id: string): string {
  const text = printable(id);
  return text.length > ID ? `${text.slice(0, ID - 3)}...` : text;
}

// Values of statements: the one place where what SQLite is given and gives back crosses, and is told its TypeScript type.
//
//   QU1. Texts go in and come out by texts.ts (TX1): a release of Node that ends a text at its NUL makes no two owners one.

import type { SQLInputValue, StatementSync } from "node:sqlite";
import { escaped, read } from "../texts.ts";

type Parameters = SQLInputValue[] | [Record<string, SQLInputValue>];

/** The first row, undefined when there is none. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what its statement selects
export function one<Row>(statement: StatementSync, ...parameters: Parameters): Row | undefined {
  const row = statement.get(...bound(parameters));
  return row && (asItWas(row) as Row);
}

/** Every row. */
export function all<Row>(statement: StatementSync, ...parameters: Parameters): Row[] {
  const rows = statement.all(...bound(parameters));
  for (const row of rows) asItWas(row);
  return rows as Row[];
}

/** Runs a statement that writes; how many rows it changed. */
export function run(statement: StatementSync, ...parameters: Parameters): number {
  return Number(statement.run(...bound(parameters)).changes);
}

/** A list for `json_each`, whose values are compared with stored texts. */
export function listed(texts: readonly string[]): string {
  return JSON.stringify(texts.map(escaped));
}

/** The parameters as the driver takes them. A list is changed in place: every commit comes through here. */
function bound(parameters: Parameters): SQLInputValue[] {
  const [first] = parameters;
  // Cast: named ones are an overload of their own in the driver's declaration.
  if (isNamed(first)) return [Object.fromEntries(Object.entries(first).map(([name, value]) => [name, valueOf(value)]))] as unknown as SQLInputValue[];
  const values = parameters as SQLInputValue[];
  for (let n = 0; n < values.length; n++) values[n] = valueOf(values[n]!);
  return values;
}

function isNamed(value: Parameters[number] | undefined): value is Record<string, SQLInputValue> {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}

function valueOf(value: SQLInputValue): SQLInputValue {
  return typeof value === "string" ? escaped(value) : value;
}

/** The row itself, with its texts as they were. */
function asItWas(row: Record<string, unknown>): Record<string, unknown> {
  for (const column in row) {
    const value = row[column];
    if (typeof value === "string") row[column] = read(value);
  }
  return row;
}

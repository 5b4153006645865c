// Typed rows: the one place where what SQLite gives back is told its TypeScript type.

import type { SQLInputValue, StatementSync } from "node:sqlite";

type Parameters = SQLInputValue[] | [Record<string, SQLInputValue>, ...SQLInputValue[]];

/** The first row, undefined when there is none. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what its statement selects
export function one<Row>(statement: StatementSync, ...parameters: Parameters): Row | undefined {
  return statement.get(...(parameters as SQLInputValue[])) as Row | undefined;
}

/** Every row. */
export function all<Row>(statement: StatementSync, ...parameters: Parameters): Row[] {
  return statement.all(...(parameters as SQLInputValue[])) as Row[];
}

/** How many rows a statement changed. */
export function changed(statement: StatementSync, ...parameters: Parameters): number {
  return Number(statement.run(...(parameters as SQLInputValue[])).changes);
}

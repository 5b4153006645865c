import { expect, onTestFinished, test } from "vitest";
import { withoutNotice } from "../../../src/stores/sqlite/driver.ts";

const NOTICE = "SQLite is an experimental feature and might change at any time";

/** What reaches the process's own `emitWarning` while `load` runs. */
function shownWhile(load: () => void): unknown[] {
  const { emitWarning } = process;
  const shown: unknown[] = [];
  process.emitWarning = (...said: unknown[]) => void shown.push(said);
  onTestFinished(() => void (process.emitWarning = emitWarning));
  load();
  return shown;
}

test("Node's notice about SQLite is left out while the module is loaded, and nothing else is", () => {
  const odd = new Error("SQLite is odd");
  const shown = shownWhile(() =>
    withoutNotice(() => {
      process.emitWarning(NOTICE, "ExperimentalWarning");
      process.emitWarning("Type Stripping is an experimental feature and might change at any time", "ExperimentalWarning");
      process.emitWarning(NOTICE, "DeprecationWarning", "DEP0999");
      process.emitWarning(odd);
    }),
  );
  expect(shown).toEqual([["Type Stripping is an experimental feature and might change at any time", "ExperimentalWarning"], [NOTICE, "DeprecationWarning", "DEP0999"], [odd]]);
});

test("a module that cannot be loaded leaves the process's warnings as they were", () => {
  const shown = shownWhile(() => {
    expect(() => withoutNotice(() => { throw new Error("not here"); })).toThrow("not here");
    process.emitWarning(NOTICE, "ExperimentalWarning");
  });
  expect(shown).toEqual([[NOTICE, "ExperimentalWarning"]]);
});

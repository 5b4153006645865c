// node:sqlite, loaded without its notice.
//
// Node 22 says on standard error that the module is experimental, once in every thread that loads it: three times in `dev`. Who
// runs an agent can do nothing about it, and what is used of it passes the suites on every Node that `engines` names.
//
//   DR1. That one notice is left out, while the module is loaded. Every other warning is shown, also one of that moment.

import type { DatabaseSync as Database } from "node:sqlite";

/** What `load` gives; Node's notice about SQLite is not shown (DR1). */
export function withoutNotice<Loaded>(load: () => Loaded): Loaded {
  // oxlint-disable-next-line typescript/unbound-method -- it is called on the process, and put back as it was
  const { emitWarning } = process;
  process.emitWarning = (...said: unknown[]): void => {
    const isNotice = said[1] === "ExperimentalWarning" && String(said[0]).startsWith("SQLite ");
    if (!isNotice) Reflect.apply(emitWarning, process, said);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** The class of a database connection. */
export const DatabaseSync: typeof Database = withoutNotice(() => process.getBuiltinModule("node:sqlite")).DatabaseSync;

import { describe, test } from "vitest";
import { openSqlite } from "../../src/stores/sqlite/store.ts";
import { storeConformance } from "../../src/testing/store-suite/suite.ts";
import { temporaryFiles } from "./folder.ts";

const newFile = temporaryFiles("sqlite-suite");

storeConformance(
  {
    name: "sqlite",
    open: async (options) => {
      const path = newFile();
      return { store: await openSqlite(path, options), again: () => openSqlite(path, options) };
    },
  },
  { describe, test },
);

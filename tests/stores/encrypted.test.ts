import { describe, test } from "vitest";
import type { EncryptionOptions } from "../../src/stores/encryption/key-ring.ts";
import { encryptedStore } from "../../src/stores/encryption/store.ts";
import { openMemory } from "../../src/stores/memory.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";
import { storeConformance } from "../../src/testing/store-suite/suite.ts";
import { temporaryFiles } from "./folder.ts";

const newFile = temporaryFiles("encrypted-suite");
const ENDS_WITH_PROCESS = "what is in memory cannot be opened a second time";
const encryption: EncryptionOptions = { keys: [{ id: "2026", key: Buffer.alloc(32, "first key of the suite ") }, { id: "2025", key: Buffer.alloc(32, "older key of the suite ") }] };

storeConformance(
  {
    name: "memory, encrypted",
    open: async (options) => ({ store: encryptedStore(openMemory(options), encryption) }),
    skips: {
      "what was acknowledged is there for whoever opens the store next": ENDS_WITH_PROCESS,
      "a commit that was begun before the close is finished by it": ENDS_WITH_PROCESS,
      "writers on two connections that reload after a conflict lose no update": ENDS_WITH_PROCESS,
    },
    seeds: [1, 2, 3, 4, 5, 6],
  },
  { describe, test },
);

storeConformance(
  {
    name: "sqlite, encrypted",
    open: async (options) => {
      const path = newFile();
      const open = async () => encryptedStore(await openSqlite(path, options), encryption);
      return { store: await open(), again: open };
    },
  },
  { describe, test },
);

import { describe, test } from "vitest";
import { openMemory } from "../../src/stores/memory.ts";
import { storeConformance } from "../../src/testing/store-suite/suite.ts";

const ENDS_WITH_PROCESS = "what is in memory cannot be opened a second time";

storeConformance(
  {
    name: "memory",
    open: async (options) => ({ store: openMemory(options) }),
    skips: {
      "what was acknowledged is there for whoever opens the store next": ENDS_WITH_PROCESS,
      "a commit that was begun before the close is finished by it": ENDS_WITH_PROCESS,
      "writers on two connections that reload after a conflict lose no update": ENDS_WITH_PROCESS,
    },
  },
  { describe, test },
);

import { randomUUID } from "node:crypto";
import { describe, test } from "vitest";
import { openPostgres } from "../../src/stores/postgres/store.ts";
import { storeConformance } from "../../src/testing/store-suite/suite.ts";
import { sharedServer } from "../servers/desk.ts";

const server = await sharedServer("postgres");

if (server) {
  storeConformance(
    {
      name: "postgres",
      open: async (options) => {
        const own = `${server}?schema=suite_${randomUUID().replaceAll("-", "")}&pool=4`;
        return { store: await openPostgres(own, options), again: () => openPostgres(own, options) };
      },
    },
    { describe, test },
  );
}

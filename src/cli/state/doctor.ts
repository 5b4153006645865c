// `conversimple state doctor`: what fills the store, and what is not as it should be.

import { systemClock } from "../../base/clock.ts";
import type { Command } from "../command.ts";
import { openToRead, readAddress } from "../store-address.ts";
import { showDiagnosis } from "./diagnosis-text.ts";
import { diagnose } from "./diagnosis.ts";
import { STORE_OPTION } from "./store-option.ts";

/** Rows of each table. */
const TOP = 10;

export const doctorCommand: Command = {
  name: "state doctor",
  summary: "Finds what fills the store: the largest fields and records, those near their limit, what is silent or cannot be read.",
  options: {
    top: { value: "<n>", summary: `rows of each table (${TOP})` },
    json: { summary: "as one JSON object" },
    ...STORE_OPTION,
  },
  notes: ["It reads everything once and changes nothing. It shows names and sizes, never a value."],
  async run(input, terminal) {
    const top = input.number("top", 1, 1_000) ?? TOP;
    const store = await openToRead(readAddress(input.text("store")));
    try {
      const nowMs = systemClock.now();
      const diagnosis = await diagnose(store, top, nowMs, (records) => terminal.passing(`${records.toLocaleString("en")} records read ...`));
      terminal.passing("");
      if (input.flag("json")) terminal.say(JSON.stringify(diagnosis, null, 2));
      else showDiagnosis(diagnosis, terminal, nowMs);
      return 0;
    } finally {
      await store.close();
    }
  },
};

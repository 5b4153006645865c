// The option by which every `state` command finds its store.

import type { Option } from "../command.ts";

export const STORE_OPTION: Readonly<Record<string, Option>> = {
  store: { value: "<address>", summary: "the store (that of the dev running here, else CONVERSIMPLE_STORE, else sqlite:.conversimple/state.db)" },
};

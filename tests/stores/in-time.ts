// Opening a store with a short timeout on a machine that is busy with other tests.

import type { Store } from "../../src/state/store.ts";

/** Opens until it is in time: how long that takes is not what is tested. The test's own timeout ends it. */
export async function inTime(open: () => Promise<Store>): Promise<Store> {
  for (;;) {
    try {
      return await open();
    } catch (thrown) {
      if (!/the host does not answer/.test(String(thrown))) throw thrown;
    }
  }
}

// A process of its own that adds one to a shared number, again after each conflict: `adder.ts <address> <times>`.

import { codeOf } from "../../../src/base/errors.ts";
import { openStore } from "../../../src/stores/open.ts";

const [address, times] = process.argv.slice(2);
const store = await openStore(address, { encryption: false, timeoutMs: 20_000 });
for (let done = 0; done < Number(times); ) {
  const loaded = await store.load("customer:shared");
  try {
    await store.commit("customer:shared", {
      writeId: `${process.pid}-${done}`,
      expectedVersion: loaded?.version ?? 0,
      epoch: 0,
      record: String(Number(loaded?.record ?? 0) + 1),
      entry: `${process.pid}-${done}`,
    });
    done += 1;
  } catch (thrown) {
    if (codeOf(thrown) !== "version_conflict") throw thrown;
  }
}
await store.close();

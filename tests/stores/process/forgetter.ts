// A process of its own that erases an owner: `forgetter.ts <address> <owner> <timeoutMs>`.

import type { Owner } from "../../../src/state/store.ts";
import { openStore } from "../../../src/stores/open.ts";

const [address, owner, timeoutMs] = process.argv.slice(2);
const store = await openStore(address, { encryption: false, timeoutMs: Number(timeoutMs) });
await store.forget(owner as Owner, { tombstone: true });
await store.close();

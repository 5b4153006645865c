// One of the processes of `hot-customer.ts`: waits until it is told, then its writers update one customer.

import { openStore } from "conversimple/stores";
import { systemClock } from "../dist/base/clock.js";
import { KeyedHash } from "../dist/base/keyed-hash.js";
import { JointRecordsOfStore } from "../dist/host/joint-records.js";
import type { Slice } from "../src/state/slice.ts";

const [address, writers, each] = process.argv.slice(2) as [string, string, string];
const store = await openStore(address);
const joint = new JointRecordsOfStore({ store, clock: systemClock, hash: new KeyedHash("the secret of a benchmark") });
const owner = joint.ownerOf("customer", "hot");
const slice: Slice = { name: "customer", schemaVersion: 1, maxBytes: 1_000_000, initial: () => ({ items: [] }), restore: (stored) => stored, check: (value) => value };
const times: number[] = [];

async function write(writer: number): Promise<void> {
  for (let n = 0; n < Number(each); n++) {
    const item = `${process.pid}-${writer}-${n}`;
    const begin = performance.now();
    await joint.update(owner, [slice], { name: "customer update", operationId: item }, (value) => void (value(slice) as { items: string[] }).items.push(item));
    times.push(performance.now() - begin);
  }
}

process.once("message", () => {
  const all = Array.from({ length: Number(writers) }, (_, writer) => write(writer));
  void Promise.all(all).then(async () => {
    const { items } = (await joint.read(owner, [slice])).value(slice) as { items: string[] };
    process.send!({ times, stored: new Set(items).size });
    await store.close();
    process.disconnect();
  });
});
process.send!("ready");

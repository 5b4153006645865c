import { expect, test } from "vitest";
import { StoreUnavailableError } from "../../../src/base/errors.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { interceptedStore } from "../../../src/testing/intercepted-store.ts";
import { CallAgent } from "./call-agent.ts";
import { HostBench } from "./bench.ts";

const OTHER = { id: "other", pid: 1, host: "a machine", startedAtMs: 0 };

/** A host whose renewals a test answers instead of its store. */
async function leased() {
  const clock = new SimulatedClock();
  const renewals: { answer: (() => Promise<never>) | undefined } = { answer: undefined };
  const truth = openMemory({ clock });
  const store = interceptedStore(truth, ({ method }, run) => (method === "renew" && renewals.answer ? renewals.answer() : run()));
  const bench = await HostBench.start(new CallAgent(), { store, clock });
  await bench.open();
  return { bench, clock, truth, renewals };
}

test("a renewal that is not answered keeps no later one waiting: the lease goes on", async () => {
  const { clock, truth, renewals } = await leased();
  renewals.answer = () => new Promise(() => {});
  await clock.advance("4s");
  renewals.answer = undefined;
  await clock.advance("20s");
  await truth.renew(OTHER, 1_000);
  expect(await truth.acquire(conversationOwner("c1"), OTHER)).toMatchObject({ kind: "held" });
});

test("health is degraded while the store does not take the renewal, and ok again after", async () => {
  const { bench, clock, renewals } = await leased();
  expect(bench.host.health().status).toBe("ok");
  renewals.answer = () => Promise.reject(new StoreUnavailableError("The store is down.", { outcome: "none" }));
  await clock.advance("4s");
  expect(bench.host.health().status).toBe("degraded");
  renewals.answer = undefined;
  await clock.advance("4s");
  expect(bench.host.health().status).toBe("ok");
});

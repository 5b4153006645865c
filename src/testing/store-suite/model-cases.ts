// Random operations on a store and on a model: after each one, both must tell the same. Seeded, so a failure repeats.

import assert from "node:assert/strict";
import type { Change, Owner, Store } from "../../state/store.ts";
import { processNamed } from "./fixture.ts";
import type { Case, Fixture } from "./fixture.ts";
import { Model } from "./model.ts";
import type { Observed } from "./model.ts";

const OWNERS: readonly Owner[] = ["conversation:a", "conversation:b", "customer:a"];
const PROCESSES = ["p1", "p2"] as const;
const STEPS = 300;

/** One case for every seed. */
export function modelCases(seeds: readonly number[]): readonly Case[] {
  return seeds.map((seed) => ({ name: `does what a plain model does, for ${STEPS} random steps (seed ${seed})`, run: (on) => walk(on, seed) }));
}

/** mulberry32: a small generator with a full period over 32 bits. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof randomFrom>;

async function walk(on: Fixture, seed: number): Promise<void> {
  const random = randomFrom(seed);
  const model = new Model();
  const log: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    const owner = OWNERS[random(OWNERS.length)]!;
    const [what, real, expected] = await act(on, model, owner, random, step);
    log.push(`${owner} ${what}`);
    const context = `seed ${seed}, step ${step}: ${log.slice(-8).join(" | ")}`;
    assert.deepEqual(real, expected, context);
    for (const each of OWNERS) assert.deepEqual(await observe(on.store, each), model.observe(each, on.clock.now()), `${context} (${each})`);
  }
}

/** Does one random thing to both; returns its name and the two outcomes. */
async function act(on: Fixture, model: Model, owner: Owner, random: Random, step: number): Promise<[what: string, real: unknown, expected: unknown]> {
  const now = on.clock.now();
  const process = PROCESSES[random(PROCESSES.length)]!;
  const seen = model.observe(owner, now);
  const choice = random(20);
  if (choice < 10) {
    const change = randomChange(random, seen, step, now);
    return [`commit ${JSON.stringify(change)}`, await outcome(on.store.commit(owner, change).then(({ version }) => version)), model.commit(owner, change, now)];
  }
  if (choice < 12) {
    const acquired = await on.store.acquire(owner, processNamed(process));
    return [`acquire ${process}`, acquired.kind === "held" ? "held" : acquired.loaded.epoch, model.acquire(owner, process, now)];
  }
  if (choice === 12) {
    await on.store.renew(processNamed(process), 5_000);
    return [`renew ${process}`, undefined, model.renew(process, now + 5_000)];
  }
  if (choice === 13) {
    await on.store.release(owner, process, seen?.epoch ?? 0);
    return [`release ${process}`, undefined, model.release(owner, process, seen?.epoch ?? 0, now)];
  }
  if (choice < 16) {
    const id = `m${random(3)}`;
    return [`post ${id}`, await outcome(on.store.post(owner, { id, text: id }).then(() => true)), model.post(owner, id, now)];
  }
  if (choice === 16) return ["sweep", (await on.store.sweep()).removed, model.sweep(now)];
  if (choice === 17 && random(3) === 0) {
    const tombstone = random(3) === 0;
    return [`forget ${tombstone}`, (await on.store.forget(owner, { tombstone })).entries, model.forget(owner, tombstone)];
  }
  if (choice === 18 && random(3) === 0) {
    await on.store.retire(process);
    return [`retire ${process}`, undefined, model.retire(process)];
  }
  const passesMs = [1, 2_000, 6_000, 13 * 3_600_000][random(4)]!;
  on.clock.jump(passesMs);
  return [`wait ${passesMs}`, undefined, undefined];
}

/** Mostly right, sometimes with a wrong version, epoch or a repeated write id. */
function randomChange(random: Random, seen: Observed | undefined, step: number, nowMs: number): Change {
  const isWrong = (odds: number) => (random(odds) === 0 ? 1 : 0);
  const callId = `call-${random(6)}`;
  return {
    writeId: random(12) === 0 ? `w${step - 1}` : `w${step}`,
    expectedVersion: (seen?.version ?? 0) + isWrong(8),
    epoch: (seen?.epoch ?? 0) + isWrong(8),
    ...(random(2) === 0 && { record: `record ${step}` }),
    ...(random(2) === 0 && { entry: `entry ${step}` }),
    ...(random(2) === 0 && { answer: { callId, digest: "d", text: `answer ${step}` } }),
    ...(random(4) === 0 && { consume: [`m${random(3)}`] }),
    ...(random(5) === 0 && { trimBelow: random((seen?.version ?? 0) + 3) }),
    ...(random(8) === 0 && { facts: { status: random(2) === 0 ? ("ended" as const) : ("live" as const), expiresAtMs: random(2) === 0 ? nowMs + random(9_000) : null } }),
  };
}

async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((thrown: unknown) => (thrown as { code?: unknown }).code ?? thrown);
}

async function observe(store: Store, owner: Owner): Promise<Observed | undefined> {
  const [loaded, entries, inbox] = await Promise.all([store.load(owner), store.history(owner), store.inbox(owner)]);
  if (!loaded) {
    assert.deepEqual([entries, inbox], [[], []]);
    return undefined;
  }
  const answers = await Promise.all(loaded.calls.map(async ({ callId }) => [callId, await store.answer(owner, callId)] as const));
  assert.equal(loaded.mail, inbox.length);
  const { record, version, epoch, process, facts } = loaded;
  return {
    record, version, epoch, process, status: facts.status, inbox: inbox.map((message) => message.id),
    answers: Object.fromEntries(answers) as Record<string, string>, history: entries.map((entry) => [entry.version, entry.text] as const),
  };
}

// What befalls a world: processes die, stand still and leave, clocks are set, stores go away, connections break, people
// hang up and are forgotten. Drawn from the seed.

import { sleep } from "../../src/base/clock.ts";
import { randomFor, type Misfortune } from "./plan.ts";
import { CUSTOMERS } from "./switchboard.ts";
import type { SimProcess } from "./sim-process.ts";
import type { World } from "./world.ts";

const KINDS = ["kill", "kill", "stop", "stop", "leave", "clock", "outage", "signal", "signal", "signal", "forget", "cut"] as const satisfies readonly Misfortune[];

const HOUR_MS = 3_600_000;

type Draw = (least: number, most: number) => number;

/** Lets misfortunes come about until the storm is over. */
export async function playMisfortunes(world: World): Promise<void> {
  const { plan, clock } = world;
  const random = randomFor(plan.seed, 1);
  const draw: Draw = (least, most) => least + Math.floor(random() * (most - least + 1));
  for (let count = 0; count < plan.misfortunesPerWorld; count++) {
    await sleep(clock, draw(0, (2 * plan.stormMs) / (plan.misfortunesPerWorld + 1)));
    if (!world.isStormy) return;
    const kind = KINDS[draw(0, KINDS.length - 1)]!;
    const [process, length, signals] = [draw(0, 2), draw(500, 16_000), draw(1, 3)];
    if (plan.without.has(kind)) continue;
    strike(world, kind, world.processes[process % world.processes.length]!, length, signals);
  }
}

/** None of them is waited for: they overlap. */
function strike(world: World, kind: (typeof KINDS)[number], process: SimProcess, lengthMs: number, count: number): void {
  switch (kind) {
    case "kill":
      process.kill();
      return void world.replace(process, lengthMs / 2);
    case "stop":
      process.stop();
      world.clock.after(lengthMs, () => process.resume());
      return;
    case "leave":
      if (process.isServing) void world.leave(process).then(() => world.replace(process, lengthMs / 8));
      return;
    case "clock":
      // One that starts with a wrong clock cannot know it.
      if (!process.isServing) return;
      process.clock.offsetMs += lengthMs % 2 === 0 ? HOUR_MS : -HOUR_MS;
      return world.trace.add(process.name, `has its clock set to ${process.clock.offsetMs} ms`);
    case "outage":
      return outage(world, count === 1 ? [process] : world.processes, lengthMs / 2);
    case "signal":
      return void signals(world, count);
    case "forget":
      return void world.forget(CUSTOMERS[count % CUSTOMERS.length]!);
    case "cut":
      world.trace.add("network", "is cut");
      return world.platform.cut();
  }
}

function outage(world: World, processes: readonly SimProcess[], lengthMs: number): void {
  world.trace.add("store", `is not there for ${processes.map(({ name }) => name).join(", ")}, ${lengthMs} ms`);
  for (const process of processes) process.store.faults.down(lengthMs);
}

async function signals(world: World, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    const writer = world.processes.find(({ isServing }) => isServing);
    const conversation = [...world.announced][sent % world.announced.size];
    if (writer && conversation !== undefined) await writer.signal(conversation, world.nextSignal());
  }
}

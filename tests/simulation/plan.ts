// What a world is like: how many processes, what weather, which misfortunes. All of it from the seed.

import { seededRandom } from "../../src/testing/seeded-random.ts";
import type { StoreFaultRates } from "../../src/testing/faulty-store.ts";
import type { WeatherOptions } from "../../src/testing/weather.ts";

/** The misfortunes that can be left out, to see which of them a failure needs. */
export const MISFORTUNES = ["weather", "store", "outage", "kill", "stop", "leave", "clock", "signal", "forget", "impostor", "cut", "hangup"] as const;
export type Misfortune = (typeof MISFORTUNES)[number];

export interface WorldPlan {
  readonly seed: number;
  readonly processes: number;
  readonly conversations: number;
  readonly connections: "shared" | "per-conversation";
  /** Whether agents write when they take over. */
  readonly writesOnResume: boolean;
  readonly namesConversations: boolean;
  readonly repliesToPushes: boolean;
  /** How long misfortunes go on, milliseconds. */
  readonly stormMs: number;
  readonly stepsPerCaller: number;
  readonly misfortunesPerWorld: number;
  readonly weather: WeatherOptions;
  readonly store: StoreFaultRates;
  readonly without: ReadonlySet<Misfortune>;
}

/** Numbers for one purpose: what is drawn for one leaves the others as they are. */
export function randomFor(seed: number, purpose: number): () => number {
  return seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(purpose + 1, 0x85ebca6b));
}

export function planOf(seed: number, without: ReadonlySet<Misfortune> = new Set()): WorldPlan {
  const random = randomFor(seed, 0);
  const among = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  const [weather, store] = [among(0, 2) / 2, among(0, 2) / 2];
  const connections = random() < 0.5 ? "shared" : "per-conversation";
  return {
    seed,
    processes: among(1, 3),
    conversations: among(1, 3),
    connections,
    writesOnResume: random() < 0.4,
    namesConversations: random() < 0.5 || connections === "shared",
    repliesToPushes: random() < 0.8,
    stormMs: among(10_000, 40_000),
    stepsPerCaller: among(3, 9),
    misfortunesPerWorld: among(0, 7),
    weather: without.has("weather") ? {} : { drop: 0.05 * weather, delay: 0.25 * weather, repeat: 0.1 * weather, reorder: 0.1 * weather, cut: without.has("cut") ? 0 : 0.02 * weather, maxDelayMs: 800 },
    store: without.has("store") ? {} : { refused: 0.01 * store, unsent: 0.03 * store, unanswered: 0.04 * store, late: 0.02 * store, delayed: 0.15 * store, maxDelayMs: 700 },
    without,
  };
}

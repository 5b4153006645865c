// A value of every kind that state can have, as a draft's tests change it.

import { Bench } from "./slices.ts";

export interface Shape {
  n: number;
  list: { id: string; tags: string[] }[];
  numbers: number[];
  fields: Record<string, unknown>;
  map: Map<unknown, unknown>;
  set: Set<unknown>;
  at: Date;
  bytes: Uint8Array;
}

export const initial = (): Shape => ({
  n: 1,
  list: [{ id: "b", tags: ["x"] }, { id: "a", tags: [] }, { id: "c", tags: ["y", "z"] }],
  numbers: [3, 1, 2],
  fields: { a: { deep: { value: 1 } }, when: new Date(5), dates: [new Date(1)] },
  map: new Map<unknown, unknown>([["k", { v: 1, at: new Date(7) }], [{ key: 1 }, new Set([1])]]),
  set: new Set<unknown>(["s", { member: 1 }, new Date(9)]),
  at: new Date(1_000),
  bytes: Uint8Array.of(1, 2, 3),
});

export const bench = () => new Bench(initial);

// Where a scenario keeps its state, and how a test looks at it past every dispatcher.
//
//   PL1. A place is empty at first and shares nothing with any other one.
//   PL2. What a test reads comes from the file, or over a connection of its own: a fault on the way of the dispatchers is
//        not in the way of the test.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Owner } from "../../src/state/store.ts";
import { openStore } from "../../src/stores/open.ts";
import { sharedServer } from "../servers/desk.ts";

/** One owner as it is kept. */
export interface Kept {
  readonly version: number;
  readonly epoch: number;
  readonly record: string | null;
  /** The id of the process that has it. */
  readonly process: string | null;
}

export interface Place {
  /** What dispatchers are given. */
  readonly address: string;
  /** What the test itself uses (PL2). */
  readonly direct: string;
  read(owner: Owner): Promise<Kept | undefined>;
  close(): Promise<void>;
}

/** Makes a place; the folder is for files. */
export type PlaceMaker = (folder: string) => Place | Promise<Place>;

export const STORE_NAMES = ["sqlite", "redis", "redis-cluster", "postgres"] as const;
/** The durable stores. */
export type StoreName = (typeof STORE_NAMES)[number];

export const inFile: PlaceMaker = (folder) => {
  const path = join(folder, "state.db");
  return {
    address: `sqlite:${path}`,
    direct: `sqlite:${path}`,
    async read(owner) {
      const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
      try {
        return database.prepare("SELECT version, epoch, record, process FROM owners WHERE owner = ?").get(owner) as Kept | undefined;
      } finally {
        database.close();
      }
    },
    close: async () => {},
  };
};

/** @param via how dispatchers reach the server, when it is not how the test does. */
export async function onServer(server: string, via = server): Promise<Place> {
  const name = `faults_${randomUUID().replaceAll("-", "")}`;
  const own = server.startsWith("redis") ? `prefix=${name}:` : `schema=${name}&pool=4`;
  const direct = `${server}?${own}`;
  const store = await openStore(direct, { encryption: false, timeoutMs: 20_000 });
  return { address: `${via}?${own}`, direct, read: (owner) => store.load(owner), close: () => store.close() };
}

/** The stores of this machine, on the servers that all tests share. */
export async function everyStore(): Promise<readonly (readonly [name: StoreName, place: PlaceMaker])[]> {
  const servers = await Promise.all((["redis", "postgres"] as const).map(async (name) => [name, await sharedServer(name)] as const));
  return [["sqlite", inFile], ...servers.flatMap(([name, server]) => (server === undefined ? [] : [[name, () => onServer(server)] as const]))];
}

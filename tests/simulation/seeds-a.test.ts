// The first half of the seeds that every change has to survive; the other file has the second, so that two cores share them.

import { expect, test } from "vitest";
import { firstFailure, SEEDS_PER_SHARD, SHARD_TIMEOUT_MS } from "./seeds.ts";

test(`no invariant breaks in ${SEEDS_PER_SHARD} worlds of processes, faults and callers: the first half`, async () => expect(await firstFailure(1)).toBeUndefined(), SHARD_TIMEOUT_MS);

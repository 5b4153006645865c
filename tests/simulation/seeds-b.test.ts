// The second half of the seeds that every change has to survive (seeds-a.test.ts).

import { expect, test } from "vitest";
import { firstFailure, SEEDS_PER_SHARD, SHARD_TIMEOUT_MS } from "./seeds.ts";

test(`no invariant breaks in ${SEEDS_PER_SHARD} worlds of processes, faults and callers: the second half`, async () => expect(await firstFailure(1 + SEEDS_PER_SHARD)).toBeUndefined(), SHARD_TIMEOUT_MS);

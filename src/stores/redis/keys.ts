// The names of keys: which shard an owner is in, and what its keys are called.
//
//   RK1. Every key of a shard carries the shard's hash tag, so all of them are in one slot. One server has one shard; a
//        cluster has sixteen, spread evenly over its slots.
//   RK2. An owner's key ends with the owner as it is: Redis keys take any bytes, and the tag stands before it, so no
//        character of an id means anything.                                                                     (S4)

import { ConversimpleError } from "../../base/errors.ts";
import type { Owner } from "../../state/store.ts";

/** The prefix of all keys unless told otherwise. */
export const DEFAULT_PREFIX = "conversimple:";

/** Tags and their slots (`CLUSTER KEYSLOT`), which lie about 1,024 apart. Changing them would lose what is stored. */
const CLUSTER_TAGS = [
  ["18", 511], ["3", 1_584], ["1a", 2_595], ["j", 3_564], ["19", 4_574], ["2", 5_649], ["64", 6_628], ["k", 7_629],
  ["6n", 8_795], ["1", 9_842], ["1c", 10_849], ["h", 11_694], ["6o", 12_922], ["0", 13_907], ["1b", 14_912], ["i", 15_759],
] as const;
const SINGLE_TAGS = [["0", 13_907]] as const;

/** One part of the owners, with indexes of its own. */
export interface Shard {
  /** Where a cluster has all of its keys. */
  readonly slot: number;
  /** The key of an owner without the owner; the key by which scripts of the whole shard are routed. */
  readonly base: string;
  /** The key that says in which format this shard is stored. */
  readonly format: string;
  readonly sequence: string;
  /** The feed. */
  readonly few: readonly string[];
  /** The feed, the sequence and the indexes, in the order of `KEY_NAMES`. */
  readonly all: readonly string[];
}

export class Keyspace {
  readonly shards: readonly Shard[];

  /** @throws {ConversimpleError} `store_misconfigured` when the prefix would break the hash tags. */
  constructor(prefix: string, isCluster: boolean) {
    if (!/^[^{}\s\p{Cc}]{0,64}$/u.test(prefix)) throw new ConversimpleError("store_misconfigured", "The prefix of the keys may have at most 64 characters, no braces, spaces or control characters.");
    this.shards = (isCluster ? CLUSTER_TAGS : SINGLE_TAGS).map(([tag, slot]) => shardOf(slot, `${prefix}{${tag}}:`));
  }

  /** Which shard an owner is in, by its text alone. */
  shardOf(owner: Owner): Shard {
    return this.shards.length === 1 ? this.shards[0]! : this.shards[hashOf(owner) % this.shards.length]!;
  }
}

function shardOf(slot: number, start: string): Shard {
  const few = [`${start}feed`];
  const sequence = `${start}sequence`;
  const indexes = ["owners", "conversations", "live", "customers", "owned", "expiry", "mail", "leases"].map((name) => start + name);
  return { slot, base: `${start}o:`, format: `${start}format`, sequence, few, all: [...few, sequence, ...indexes] };
}

/** FNV-1a over UTF-16 units, 32 bits. Changing it would lose what is stored. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return (hash ^ (hash >>> 16)) >>> 0;
}

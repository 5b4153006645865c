// A script of ours: its text and the digest under which the server keeps it.

import { createHash } from "node:crypto";
import { COMMIT_LUA } from "./lua-commits.ts";
import { FORGET_LUA, GREET_LUA, MEND_LUA, SWEEP_LUA } from "./lua-erasure.ts";
import { ANSWER_LUA, FEED_LUA, HISTORY_LUA, LIST_LUA, LOAD_LUA } from "./lua-reading.ts";
import { ACQUIRE_LUA, INBOX_LUA, PENDING_LUA, POST_LUA, RELEASE_LUA, RENEW_LUA, RETIRE_LUA } from "./lua-serving.ts";

/**
 * What happens when it is sent twice, because the answer to the first was lost: `nothing` (it reads), `the same`, or
 * `more`.
 */
export type Repeated = "nothing" | "the same" | "more";

/** One script. */
export interface Script {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
  readonly repeated: Repeated;
}

function script(name: string, source: string, repeated: Repeated): Script {
  return { name, source, sha: createHash("sha1").update(source).digest("hex"), repeated };
}

/** All scripts, by what they do. */
export const SCRIPTS = {
  greet: script("greet", GREET_LUA, "the same"),
  load: script("load", LOAD_LUA, "nothing"),
  // A repetition is a success, but only whoever committed knows what to make of its outcome (LC2 of the host).
  commit: script("commit", COMMIT_LUA, "more"),
  answer: script("answer", ANSWER_LUA, "nothing"),
  history: script("history", HISTORY_LUA, "nothing"),
  list: script("list", LIST_LUA, "nothing"),
  feed: script("feed", FEED_LUA, "nothing"),
  acquire: script("acquire", ACQUIRE_LUA, "more"),
  renew: script("renew", RENEW_LUA, "the same"),
  release: script("release", RELEASE_LUA, "the same"),
  retire: script("retire", RETIRE_LUA, "the same"),
  post: script("post", POST_LUA, "more"),
  inbox: script("inbox", INBOX_LUA, "nothing"),
  pending: script("pending", PENDING_LUA, "nothing"),
  forget: script("forget", FORGET_LUA, "more"),
  mend: script("mend", MEND_LUA, "the same"),
  sweep: script("sweep", SWEEP_LUA, "the same"),
} as const;

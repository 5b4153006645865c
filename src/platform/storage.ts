// What is kept of conversations and calls, as statements on the data file.
//
//   S1. An id is always a bound parameter and compared byte by byte.
//   S2. An answer is written once; a second one changes nothing.
//   S3. Bounded: the newest answered calls per conversation, ended conversations for the retention time.

import type { StatementSync } from "node:sqlite";
import { marksIn } from "../base/marks.ts";
import { Mask } from "../base/mask.ts";
import type { Call, CallView, ConversationSummary, KeptAnswer, LiveConversation } from "./conversation.ts";
import type { KnownTool, RegisteredTool } from "./known-tools.ts";
import type { DataFile, Done } from "./data-file.ts";
import type { KeptArguments } from "./kept-arguments.ts";

/** Answered calls kept per conversation; older ones go in steps of {@link TRIM_EVERY}. */
const KEPT_CALLS = 1_000;
const TRIM_EVERY = 256;
/** Calls shown with a conversation. */
const SHOWN_CALLS = 200;

/** A row of a call. */
export interface StoredCall {
  readonly conversationId: string;
  readonly callId: string;
  readonly tool: string;
  readonly kept: KeptArguments;
  readonly timeoutSeconds: number;
  readonly isChecked: boolean;
  readonly answer: KeptAnswer | undefined;
  /** It has an answer, of which something is masked: only the agent can give it again. */
  readonly isAnswerMasked: boolean;
}

export interface StoredConversation {
  readonly id: string;
  readonly agentId: string;
  readonly caller: string | null;
  readonly isRung: boolean;
  readonly tools: readonly KnownTool[];
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly reason: string | null;
}

export class Storage {
  readonly #file: DataFile;
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #untrimmed = new Map<string, number>();

  constructor(file: DataFile) {
    this.#file = file;
    this.#statements = prepareAll(file);
  }

  addConversation(conversation: LiveConversation, done: Done): void {
    const { id, agentId, caller, isRung, createdAtMs } = conversation;
    this.#file.write(() => void this.#statements.addConversation.run(id, agentId, caller, isRung ? 1 : 0, createdAtMs), done);
  }

  /** A caller rang in a conversation that was there before. */
  setRung(conversationId: string, done: Done): void {
    this.#file.write(() => void this.#statements.setRung.run(conversationId), done);
  }

  setTools(conversationId: string, tools: readonly KnownTool[], done: Done): void {
    this.#file.write(() => void this.#statements.setTools.run(JSON.stringify(tools), conversationId), done);
  }

  endConversation(conversationId: string, endedAtMs: number, reason: string, done: Done): void {
    this.#untrimmed.delete(conversationId);
    this.#file.write(() => void this.#statements.endConversation.run(endedAtMs, reason, conversationId), done);
  }

  addCall(call: Call, createdAtMs: number, done: Done): void {
    const { conversation, callId, tool, timeoutSeconds, isChecked } = call;
    this.#file.write(() => {
      this.#trim(conversation.id);
      this.#statements.addCall.run(conversation.id, callId, tool, call.kept.text, call.kept.digest ?? null, timeoutSeconds, isChecked ? 1 : 0, createdAtMs);
    }, done);
  }

  /** Keeps other arguments of a call: its tool is known now. */
  keepArguments({ conversation, callId, kept }: Call, done: Done): void {
    this.#file.write(() => void this.#statements.keepArguments.run(kept.text, kept.digest ?? null, conversation.id, callId), done);
  }

  /** Writes an answer (S2). What the tool's registration masks of its results is not kept. */
  answerCall(call: Call, answer: KeptAnswer, answeredAtMs: number, done: Done): void {
    const { text, outcome } = keptText(call, answer);
    this.#file.write(() => void this.#statements.answerCall.run(answeredAtMs, outcome, text, call.conversation.id, call.callId), done);
  }

  removeCall({ conversationId, callId }: Pick<StoredCall, "conversationId" | "callId">, done: Done): void {
    this.#file.write(() => void this.#statements.removeCall.run(conversationId, callId), done);
  }

  afterWrites(done: Done): void {
    this.#file.afterWrites(done);
  }

  /** Conversations that are not over, oldest first. */
  live(): StoredConversation[] {
    return this.#statements.live.all().map(conversationOf);
  }

  /** Unanswered calls of conversations that are not over, oldest first. */
  unanswered(): StoredCall[] {
    return this.#statements.unanswered.all().map(callOf);
  }

  conversation(id: string): StoredConversation | undefined {
    const row = this.#statements.conversation.get(id);
    return row && conversationOf(row);
  }

  call(conversationId: string, callId: string): StoredCall | undefined {
    const row = this.#statements.call.get(conversationId, callId);
    return row && callOf(row);
  }

  /** Whether any conversation has a call with this id. */
  knowsCall(callId: string): boolean {
    return this.#statements.knowsCall.get(callId) !== undefined;
  }

  /** The newest calls, oldest first; results masked as the tools ask for. */
  calls(conversationId: string, tools: readonly RegisteredTool[]): CallView[] {
    return this.#statements.calls.all(conversationId, SHOWN_CALLS).map((row) => viewOf(row, tools)).reverse();
  }

  /** Newest first; `status` is left to who knows which are served. */
  list(limit: number, beforeRow: number | null): { row: number; stored: StoredConversation }[] {
    return this.#statements.list.all(beforeRow ?? Number.MAX_SAFE_INTEGER, limit).map((row) => ({ row: Number(row["row"]), stored: conversationOf(row) }));
  }

  /** Removes conversations that ended before a moment (S3). */
  sweep(endedBeforeMs: number, done: Done): void {
    this.#file.write(() => {
      this.#statements.sweepCalls.run(endedBeforeMs);
      this.#statements.sweepConversations.run(endedBeforeMs);
    }, done);
  }

  #trim(conversationId: string): void {
    const count = (this.#untrimmed.get(conversationId) ?? 0) + 1;
    this.#untrimmed.set(conversationId, count % TRIM_EVERY);
    if (count === TRIM_EVERY) this.#statements.trim.run(conversationId, conversationId, KEPT_CALLS);
  }
}

function prepareAll(file: DataFile) {
  return {
    addConversation: file.prepare("INSERT INTO conversations (id, agent_id, caller, is_rung, created_at) VALUES (?, ?, ?, ?, ?)"),
    setRung: file.prepare("UPDATE conversations SET is_rung = 1 WHERE id = ?"),
    setTools: file.prepare("UPDATE conversations SET tools = ? WHERE id = ?"),
    endConversation: file.prepare("UPDATE conversations SET ended_at = ?, reason = ? WHERE id = ? AND ended_at IS NULL"),
    addCall: file.prepare(
      "INSERT INTO calls (conversation_id, call_id, tool, arguments, digest, timeout_seconds, is_checked, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    keepArguments: file.prepare("UPDATE calls SET arguments = ?, digest = ? WHERE conversation_id = ? AND call_id = ?"),
    answerCall: file.prepare(
      "UPDATE calls SET answered_at = ?, outcome = ?, answer = ? WHERE conversation_id = ? AND call_id = ? AND answered_at IS NULL",
    ),
    removeCall: file.prepare("DELETE FROM calls WHERE conversation_id = ? AND call_id = ?"),
    live: file.prepare("SELECT * FROM conversations WHERE ended_at IS NULL ORDER BY rowid"),
    unanswered: file.prepare(
      "SELECT calls.* FROM calls JOIN conversations ON conversations.id = conversation_id WHERE answered_at IS NULL AND ended_at IS NULL ORDER BY seq",
    ),
    conversation: file.prepare("SELECT * FROM conversations WHERE id = ?"),
    call: file.prepare("SELECT * FROM calls WHERE conversation_id = ? AND call_id = ?"),
    knowsCall: file.prepare("SELECT 1 FROM calls WHERE call_id = ? LIMIT 1"),
    calls: file.prepare("SELECT * FROM calls WHERE conversation_id = ? ORDER BY seq DESC LIMIT ?"),
    list: file.prepare("SELECT rowid AS row, * FROM conversations WHERE rowid < ? ORDER BY rowid DESC LIMIT ?"),
    sweepCalls: file.prepare("DELETE FROM calls WHERE conversation_id IN (SELECT id FROM conversations WHERE ended_at < ?)"),
    sweepConversations: file.prepare("DELETE FROM conversations WHERE ended_at < ?"),
    trim: file.prepare(
      `DELETE FROM calls WHERE conversation_id = ? AND answered_at IS NOT NULL AND seq <=
         (SELECT seq FROM calls WHERE conversation_id = ? AND answered_at IS NOT NULL ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
    ),
  };
}

type Row = NonNullable<ReturnType<StatementSync["get"]>>;

function conversationOf(row: Row): StoredConversation {
  return {
    id: String(row["id"]),
    agentId: String(row["agent_id"]),
    caller: row["caller"] === null ? null : String(row["caller"]),
    isRung: row["is_rung"] === 1,
    tools: JSON.parse(String(row["tools"])) as KnownTool[],
    createdAtMs: Number(row["created_at"]),
    endedAtMs: row["ended_at"] === null ? null : Number(row["ended_at"]),
    reason: row["reason"] === null ? null : String(row["reason"]),
  };
}

function callOf(row: Row): StoredCall {
  return {
    conversationId: String(row["conversation_id"]),
    callId: String(row["call_id"]),
    tool: String(row["tool"]),
    kept: { text: String(row["arguments"]), digest: row["digest"] === null ? undefined : String(row["digest"]) },
    timeoutSeconds: Number(row["timeout_seconds"]),
    isChecked: row["is_checked"] === 1,
    answer: row["outcome"] === MASKED_RESULT ? undefined : answerOf(row),
    isAnswerMasked: row["outcome"] === MASKED_RESULT,
  };
}

/** The outcome of a call whose result is kept without what is masked of it. */
const MASKED_RESULT = "masked_result";

function keptText({ tool, conversation }: Call, answer: KeptAnswer): { text: string; outcome: string } {
  if (answer.kind === "error") return { text: JSON.stringify(answer.error), outcome: answer.kind };
  const { resultMasks = [] } = conversation.tools.find(({ name }) => name === tool) ?? {};
  if (resultMasks.length === 0) return { text: answer.json, outcome: answer.kind };
  const text = JSON.stringify(Mask.of(resultMasks).shown(JSON.parse(answer.json)));
  return { text, outcome: text === answer.json ? answer.kind : MASKED_RESULT };
}

function answerOf(row: Row): KeptAnswer | undefined {
  if (row["answered_at"] === null) return undefined;
  const callId = String(row["call_id"]);
  const text = String(row["answer"]);
  if (row["outcome"] === "result" || row["outcome"] === MASKED_RESULT) return { kind: "result", callId, json: text };
  return { kind: "error", callId, error: JSON.parse(text) as { type: string; message: string } };
}

function viewOf(row: Row, tools: readonly RegisteredTool[]): CallView {
  const answer = answerOf(row);
  const { parameters = {}, resultMasks } = tools.find(({ name }) => name === row["tool"]) ?? {};
  return {
    callId: String(row["call_id"]),
    tool: String(row["tool"]),
    // Again: an older release, or an older schema, kept what this one does not.
    arguments: Mask.of(marksIn(parameters, ["pii", "secret"])).shown(JSON.parse(String(row["arguments"]))),
    status: !answer ? "unanswered" : answer.kind === "result" ? "answered" : "failed",
    ...(answer?.kind === "result" && { result: Mask.of(resultMasks).shown(JSON.parse(answer.json)) }),
    ...(answer?.kind === "error" && { error: answer.error }),
    createdAt: timeOf(row["created_at"]),
    answeredAt: row["answered_at"] === null ? null : timeOf(row["answered_at"]),
  };
}

function timeOf(milliseconds: unknown): string {
  return new Date(Number(milliseconds)).toISOString();
}

/** A stored conversation as it is listed. */
export function summaryOf(stored: StoredConversation, status: ConversationSummary["status"]): ConversationSummary {
  return {
    conversationId: stored.id,
    agentId: stored.agentId,
    status,
    createdAt: new Date(stored.createdAtMs).toISOString(),
    endedAt: stored.endedAtMs === null ? null : new Date(stored.endedAtMs).toISOString(),
    reason: stored.reason,
  };
}

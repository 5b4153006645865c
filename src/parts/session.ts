// Session: who the caller is, proved by a secret, for a limited time.                                 (P17..P19)
//
// Owns login and logout, and the guards of tools. How often a secret may be tried is the lockout's (`lockout.ts`), when a
// session is over is the clock's (`session-clock.ts`).
//
//   SN1. A tool that requires the session does not run without it: called by the platform, by another tool, or in parallel.
//   SN2. Nobody is logged in before the unit of the login is committed; a login that fails half-way leaves its attempt
//        counted and nobody logged in.                                                                  (P3, P18)
//   SN3. A wrong secret and a locked account are the same answer.                                       (P18)
//   SN4. A login makes a new id; logout and the end of the conversation leave nothing of the user.      (P18)
//   SN5. What a tool is given of the user is a copy: nobody changes who the caller is but a login.

import { ConversimpleError, RefusedError, codeOf, type RefusalResult } from "../base/errors.ts";
import { optionMistake, type OptionNames } from "../base/option-names.ts";
import { copyOf } from "../base/plain.ts";
import { isSchema, type InputOf, type OutputOf, type Schema } from "../base/schema.ts";
import type { Guard } from "../agent/guard.ts";
import { Part, runningFor } from "../agent/part.ts";
import { DESCRIBE, type PartDescription } from "../agent/part-description.ts";
import type { RecordedLogin } from "../agent/recorded.ts";
import type { Running } from "../agent/running.ts";
import type { LoginNote } from "../state/notes.ts";
import type { Slice } from "../state/slice.ts";
import type { Owner } from "../state/store.ts";
import { accountName } from "./account-name.ts";
import { Lockout, type LockoutOptions } from "./lockout.ts";
import { schemaText } from "./schema-slice.ts";
import { secretField } from "./secret-fields.ts";
import { SessionClock } from "./session-clock.ts";
import { ANONYMOUS, begun, parsedUser, sessionSlice, type Authenticated, type SessionRecord } from "./session-record.ts";

/**
 * How long a session lasts without a tool call, milliseconds. Source: OWASP's Session Management Cheat Sheet, 15 to 30
 * minutes for what carries little risk, and 15 minutes in NIST SP 800-63B for what carries much (AAL3).
 */
const IDLE_TIMEOUT_MS = 15 * 60_000;
/** How long it lasts at most, milliseconds. Source: OWASP's Session Management Cheat Sheet, 4 to 8 hours. */
const ABSOLUTE_TIMEOUT_MS = 8 * 3_600_000;

/** What a session can be told. */
export interface SessionOptions<S extends Schema> {
  /** What is remembered of who logged in: an id, a name, rights. Never a secret. */
  readonly user: S;
  /** How long it lasts without a tool call, milliseconds; 15 minutes unless given. For a bank 2 to 5 minutes are usual. */
  readonly idleTimeoutMs?: number;
  /** How long it lasts at most, milliseconds; 8 hours unless given. */
  readonly absoluteTimeoutMs?: number;
  /** How many secrets may be tried; `false` when the service behind `verify` counts them itself. */
  readonly lockout?: LockoutOptions | false;
  /** What is said to who is not logged in; "Please log in first." unless given. */
  readonly refusal?: string;
}

/** What `verify` gives: the user when the secret is right, nothing when it is not. */
export type Verified<User> = User | null | undefined | false;

/** The session of the conversation that runs. As a guard (`requires: this.session`) it lets who is logged in pass. */
export interface Session<Input, User = Input> extends Guard {
  /** Whether somebody is logged in, and their time is not over. */
  readonly authenticated: boolean;
  /** A copy of who is logged in; undefined for nobody. */
  readonly user: User | undefined;
  /** When they logged in; undefined for nobody. */
  readonly startedAt: Date | undefined;
  /** Made new by every login, for logs and services that tell sessions apart. It proves nothing. Undefined for nobody. */
  readonly id: string | undefined;

  /**
   * Logs the caller in if `verify` says so, from the commit of this unit of work on. The attempt is counted in the store
   * before `verify` runs, and taken back when the secret was right. The same account again renews the session.
   *
   * @param account what the caller says they are. Spellings that differ in case or white space count as one.
   * @param verify compares the secret; not called while the account or the conversation is locked.
   * @returns the user; undefined for a wrong secret, and while it is locked.
   * @throws what `verify` throws: the attempt stays counted, nobody is logged in. @throws {RefusedError}
   *   `already_logged_in` for another account. @throws {StateInvalidError} when the user does not fit its schema.
   *   @throws {ConversimpleError} `read_only` in a parallel tool, `state_unavailable` when the attempt could not be counted.
   */
  login(account: string, verify: () => Verified<Input> | Promise<Verified<Input>>): Promise<User | undefined>;

  /** Logs out, with the commit of this unit of work. @throws {ConversimpleError} `read_only` in a parallel tool. */
  logout(): void;

  /** A guard for what needs a fresh proof: lets those pass who logged in less than `ms` milliseconds ago. */
  within(ms: number): Guard;
}

/**
 * Declares that callers log in.
 *
 * @throws {ConversimpleError} `definition_invalid`, naming the option.
 */
export function session<S extends Schema>(options: SessionOptions<S>): Session<InputOf<S>, OutputOf<S>> {
  return new SessionPart(options);
}

export class SessionPart extends Part implements Session<unknown> {
  readonly kind = "session";
  readonly #schema: Schema;
  readonly #clock: SessionClock;
  readonly #lockout: Lockout | undefined;
  readonly #message: string;
  #slice: Slice | undefined;

  constructor(options: SessionOptions<Schema>) {
    super();
    checkOptions(options);
    const { user, idleTimeoutMs = IDLE_TIMEOUT_MS, absoluteTimeoutMs = ABSOLUTE_TIMEOUT_MS, lockout = {}, refusal = "Please log in first." } = options;
    this.#schema = user;
    this.#clock = new SessionClock(idleTimeoutMs, absoluteTimeoutMs);
    this.#lockout = lockout === false ? undefined : new Lockout(lockout);
    this.#message = refusal;
  }

  override joined(parts: ReadonlyMap<string, Part>): void {
    const [first, second] = [...parts.values()].filter(({ kind }) => kind === this.kind);
    if (second) throw new ConversimpleError("definition_invalid", `session: "${first!.name}" and "${second.name}" are two sessions of one agent. Who calls is one person: declare one session, and what they may do as data of its user.`, { fields: [first!.name, second.name] });
  }

  get authenticated(): boolean {
    return this.#present("authenticated") !== undefined;
  }

  get user(): unknown {
    return copyOf(this.#present("user")?.user);
  }

  get startedAt(): Date | undefined {
    const present = this.#present("startedAt");
    return present && new Date(present.startedAtMs);
  }

  get id(): string | undefined {
    return this.#present("id")?.id;
  }

  /** The owner key of the account that logged in, also when its time is over; gone after a logout. */
  get accountKey(): Owner | undefined {
    const record = this.#record(this.#running("accountKey"));
    return record.status === "anonymous" ? undefined : record.account;
  }

  async login(account: string, verify: () => unknown): Promise<unknown> {
    const context = this.#running("login()");
    if (typeof account !== "string" || typeof verify !== "function") throw new ConversimpleError("option_invalid", `this.${this.name}.login() takes the account as a text and a function that compares the secret: login(account, () => ...).`);
    return context.awaited(`this.${this.name}.login(...)`, () => this.#login(context, account, verify));
  }

  async #login(context: Running, account: string, verify: () => unknown): Promise<unknown> {
    // Before anything is counted: a parallel tool could not keep who logged in.
    if (!this.#write(context, this.#record(context))) throw this.#readOnly("login()");
    const key = context.joint.ownerOf("account", accountName(account));
    this.#refuseOther(context, key);
    const note: Writable<LoginNote> = { kind: "login", part: this.name, outcome: "pending" };
    context.note(note);
    const recorded = context.rehearsed?.login();
    if (recorded) return this.#rehearsed(context, key, recorded, note);
    const reserved = await this.#lockout?.reserve(context, key);
    const reservation = reserved && "giveBack" in reserved ? reserved : undefined;
    Object.assign(note, reservation?.count ?? reserved);
    note.outcome = reserved && !reservation ? "locked" : "failed";
    if (note.outcome === "locked") return undefined;
    const verified = await verify();
    note.outcome = "wrong";
    if (!verified) return undefined;
    const user = parsedUser(`${this.name}.user`, this.#schema, verified);
    await reservation?.giveBack();
    // Somebody else may have logged in meanwhile, in the same tool.
    this.#refuseOther(context, key);
    this.#write(context, begun(user, key, context.timeBounds().latestMs));
    accepted(note);
    context.recordLogin?.(user);
    return user;
  }

  /** As it was when it was recorded: nothing is counted, nobody is asked. */
  #rehearsed(context: Running, key: Owner, recorded: RecordedLogin, note: Writable<LoginNote>): unknown {
    note.outcome = recorded.outcome;
    if (recorded.outcome === "failed") throw new Error("The check of the login failed when this call was recorded.");
    if (recorded.outcome !== "accepted") return undefined;
    const user = parsedUser(`${this.name}.user`, this.#schema, recorded.user);
    const begins = begun(user, key, context.timeBounds().latestMs);
    this.#write(context, recorded.id === undefined ? begins : { ...begins, id: recorded.id });
    return user;
  }

  logout(): void {
    if (!this.#write(this.#running("logout()"), ANONYMOUS)) throw this.#readOnly("logout()");
  }

  within(ms: number): Guard {
    checkTime("within()", ms);
    const stale = { error: "reauthentication_required", message: "Please confirm your identity again." };
    const refusal = () => {
      const present = this.#present("within()");
      return present ? (this.#clock.isOlder(this.#running("within()"), present, ms) ? stale : undefined) : this.refusal();
    };
    return { refusal, whose: () => this.whose(), inWords: () => `${this.name} within ${ms} ms` };
  }

  whose(): string | undefined {
    const record = this.#record(this.#running("requires"));
    return record.status === "authenticated" ? record.account : undefined;
  }

  refusal(): RefusalResult | undefined {
    const { status } = this.#record(this.#running("requires"));
    if (status === "authenticated") return undefined;
    return { error: "not_authenticated", message: status === "expired" ? "Your session has ended. Please log in again." : this.#message };
  }

  /** A tool call is a sign of life. It is stored now and then: in between, reading writes nothing. */
  override toolCalled(): void {
    const context = this.#running("toolCalled()");
    const record = this.#record(context);
    if (record.status !== "authenticated") return;
    const atMs = this.#clock.touch(context, record);
    if (atMs !== undefined) this.#write(context, { ...record, lastSeenMs: atMs });
  }

  /** SN4. */
  override conversationEnded(): void {
    this.#write(this.#running("conversationEnded()"), ANONYMOUS);
  }

  override [DESCRIBE](): PartDescription {
    return { kind: "session", ...schemaText(this.#schema), session: { ...this.#clock.limits, lockout: this.#lockout?.limits ?? false } };
  }

  override slice(): Slice {
    this.#slice ??= sessionSlice(this.name, this.#schema);
    return this.#slice;
  }

  #running(wanted: string): Running {
    return runningFor(this, wanted);
  }

  #present(wanted: string): Authenticated | undefined {
    const record = this.#record(this.#running(wanted));
    return record.status === "authenticated" ? record : undefined;
  }

  /** The record as it is now; a session whose time is over is cleared where something can be written. */
  #record(context: Running): SessionRecord {
    // A draft: what leaves the part is copied.
    const record = context.draft(this.slice()) as SessionRecord;
    if (record.status !== "authenticated" || !this.#clock.isOver(context, record)) return record;
    const expired: SessionRecord = { status: "expired", account: record.account };
    this.#write(context, expired);
    return expired;
  }

  /** False in a parallel tool, where nothing can be written. */
  #write(context: Running, record: SessionRecord): boolean {
    try {
      context.replace(this.slice(), record);
      return true;
    } catch (thrown) {
      if (codeOf(thrown) === "read_only") return false;
      throw thrown;
    }
  }

  #refuseOther(context: Running, account: Owner): void {
    const record = this.#record(context);
    if (record.status === "authenticated" && record.account !== account) throw new RefusedError({ error: "already_logged_in", message: "Somebody else is logged in. Please log out first." });
  }

  #readOnly(wanted: string): ConversimpleError {
    return new ConversimpleError("read_only", `this.${this.name}.${wanted} was used in a parallel tool, where state is read-only. Drop parallel: true from it.`, { part: this.name });
  }
}

/** Its attempt does not count any more. */
function accepted(note: Writable<LoginNote>): void {
  note.outcome = "accepted";
  for (const name of ["by", "attempts", "limit", "untilMs"] as const) delete note[name];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const OPTIONS: OptionNames<SessionOptions<Schema>> = { user: true, idleTimeoutMs: true, absoluteTimeoutMs: true, lockout: true, refusal: true };

function checkOptions(options: SessionOptions<Schema>): void {
  const mistake = optionMistake(options, OPTIONS);
  if (mistake) throw definition(mistake.option, mistake.reason);
  const { user, idleTimeoutMs, absoluteTimeoutMs, refusal } = options;
  if (!isSchema(user)) throw definition("user", "must be a schema: session({ user: z.object({ id: z.string() }) })");
  const secret = secretField("user", user);
  if (secret) throw definition(secret, "is marked secret. Secrets are not state: compare them in verify and let them go");
  if (idleTimeoutMs !== undefined) checkTime("idleTimeoutMs", idleTimeoutMs);
  if (absoluteTimeoutMs !== undefined) checkTime("absoluteTimeoutMs", absoluteTimeoutMs);
  if (refusal !== undefined && (typeof refusal !== "string" || refusal.trim() === "")) throw definition("refusal", "must be a sentence that can be said aloud");
}

function checkTime(name: string, ms: number): void {
  if (!Number.isFinite(ms) || ms <= 0) throw definition(name, "must be a number of milliseconds, more than 0");
}

function definition(option: string, reason: string): ConversimpleError {
  return new ConversimpleError("definition_invalid", `session: ${option} ${reason}.`, { option });
}

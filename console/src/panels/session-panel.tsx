// Who is logged in, for how long, and how many secrets may still be tried.

import type { LockoutView, SessionView } from "../../../src/inspector/api.ts";
import { Chip } from "../kit/chip.tsx";
import { EmptyNotice, FailureNotice } from "../kit/notice.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { duration, moment, timeOfDay } from "../lib/formatting.ts";
import { Callout } from "./callout.tsx";
import { useLock } from "./lock-banner.tsx";
import { countdownText } from "./logic/countdown.ts";
import { explain, noteChip } from "./logic/entry-words.ts";
import { momentsOf } from "./logic/moments.ts";
import { loginsOf } from "./logic/locks.ts";
import { Card, Countdown, Fact, Facts, PanelPage } from "./panel-page.tsx";
import { ValueTree } from "./value/value-tree.tsx";

export function SessionPanel() {
  const { view } = useConversation();
  const sessions = view.value?.sessions ?? [];
  return (
    <PanelPage>
      {view.state === "failed" ? <FailureNotice failure={view.failure} /> : null}
      <SessionThen />
      <LockCallout />
      {sessions.map((session) => <SessionCard key={session.part} session={session} />)}
      {sessions.length === 0 && view.value ? <EmptyNotice title="This agent has no session"><p>An agent that declares <code>session()</code> knows who calls, and refuses tools to those who are not logged in.</p></EmptyNotice> : null}
      <Logins />
    </PanelPage>
  );
}

/** The session as it was at the version that is looked at; below it is what it is now. */
function SessionThen() {
  const { shown, selectedVersion } = useConversation();
  if (selectedVersion === null) return null;
  return (shown.value?.parts ?? []).filter(({ kind }) => kind === "session").map((part) => (
    <Card key={part.name} title={<><span className="font-mono">{part.name}</span> at version {selectedVersion}</>} aside="what follows is as it is now">
      <ValueTree label={`${part.name} at version ${selectedVersion}`} value={part.value} masks={part.masks} moments={momentsOf("session")} />
    </Card>
  ));
}

/** The lock in plain words: the first thing that is read here. */
function LockCallout() {
  const held = useLock();
  if (!held) return null;
  const { lock, leftMs } = held;
  const words = explain(
    { version: 0, atMs: 0, unit: "tool", name: "", outcome: "ok", queueMs: 0, guardMs: 0, runMs: 0, commitMs: null, replyMs: null, changes: null, notes: [{ kind: "login", part: "", outcome: "locked", by: lock.by, ...(lock.attempts === undefined ? {} : { attempts: lock.attempts }), ...(lock.limit === undefined ? {} : { limit: lock.limit }), untilMs: lock.untilMs }] },
    timeOfDay,
  );
  return (
    <Callout {...words}>
      <p className="mt-2 flex items-baseline gap-2 text-ink">
        <span className="text-ink-2">Unlocks in</span>
        <span role="timer" className="font-mono text-xl font-semibold text-bad">{countdownText(leftMs)}</span>
      </p>
    </Callout>
  );
}

const STATUS = { anonymous: { tone: "plain", text: "nobody is logged in" }, authenticated: { tone: "good", text: "logged in" }, expired: { tone: "warn", text: "the time of who was logged in is over" } } as const;

function SessionCard({ session }: { readonly session: SessionView }) {
  const { agent, view } = useConversation();
  const part = view.value?.parts.find(({ name }) => name === session.part);
  const options = agent?.parts.find(({ name }) => name === session.part)?.session;
  const { tone, text } = STATUS[session.status];
  const isIn = session.status === "authenticated";
  return (
    <Card title={<span className="font-mono">{session.part}</span>} aside={<Chip tone={tone}>{text}</Chip>}>
      <div className="space-y-3">
        {session.user === undefined ? null : <ValueTree label="user" value={session.user} masks={part?.masks.flatMap((mask) => (mask === "user" ? [""] : mask.startsWith("user/") ? [mask.slice(5)] : [])) ?? []} />}
        <Facts>
          {session.startedAtMs === undefined ? null : <Fact name="Logged in since">{moment(session.startedAtMs)}</Fact>}
          {session.lastSeenMs === undefined ? null : <Fact name="Last sign of life">{timeOfDay(session.lastSeenMs)}</Fact>}
          {isIn && session.idleEndsAtMs !== undefined ? <Fact name="Ends when nothing happens, in"><Countdown untilMs={session.idleEndsAtMs} /></Fact> : null}
          {isIn && session.absoluteEndsAtMs !== undefined ? <Fact name="Ends in any case, in"><Countdown untilMs={session.absoluteEndsAtMs} /></Fact> : null}
          {options && !isIn ? <Fact name="A login lasts">{duration(options.idleTimeoutMs)} without a sign of life, {duration(options.absoluteTimeoutMs)} at most</Fact> : null}
        </Facts>
        {session.account || session.conversation ? (
          <div className="grid gap-3 @md:grid-cols-2">
            {session.account ? <Counter title="Attempts on the account" lockout={session.account} /> : null}
            {session.conversation ? <Counter title="Attempts in this call" lockout={session.conversation} /> : null}
          </div>
        ) : null}
        {!session.account && options && options.lockout !== false ? <p className="text-xs text-ink-3">Attempts are counted per account, over all calls: {options.lockout.attempts} in {duration(options.lockout.windowMs)}. Which account that is, is only known from a login.</p> : null}
        {options?.lockout === false ? <p className="text-xs text-ink-3">The SDK counts no attempts here: the service behind <code>verify</code> does.</p> : null}
      </div>
    </Card>
  );
}

/** More than that are no dots any more. */
const MOST_DOTS = 20;

function Counter({ title, lockout }: { readonly title: string; readonly lockout: LockoutView }) {
  const { attempts, limit, windowMs, lockedUntilMs } = lockout;
  const isLocked = lockedUntilMs !== null;
  return (
    <div className={`rounded-md border px-3 py-2 ${isLocked ? "border-bad/40 bg-bad-soft" : "border-line bg-sunk"}`}>
      <p className="flex items-baseline justify-between gap-2 text-xs">
        <span className="font-medium">{title}</span>
        <span className={`font-mono ${isLocked ? "font-semibold text-bad" : ""}`}>{attempts} of {limit}</span>
      </p>
      {limit <= MOST_DOTS ? (
        <span aria-hidden="true" className="mt-1.5 flex gap-1">
          {Array.from({ length: limit }, (_, index) => <span key={index} className={`h-1.5 flex-1 rounded-full ${index < attempts ? (isLocked ? "bg-bad" : "bg-warn") : "bg-line"}`} />)}
        </span>
      ) : null}
      <p className="mt-1.5 text-2xs text-ink-3">{isLocked ? <span className="text-bad">locked, unlocks in <Countdown untilMs={lockedUntilMs} /></span> : `wrong secrets within ${duration(windowMs)}; a right one takes its own back`}</p>
    </div>
  );
}

/** Of a call with many logins. */
const MOST_LOGINS = 50;

function Logins() {
  const { timeline, open } = useConversation();
  const logins = loginsOf(timeline.entries);
  if (logins.length === 0) return null;
  return (
    <Card title="Logins of this call" aside="newest first">
      <ol className="divide-y divide-line">
        {logins.slice(0, MOST_LOGINS).map(({ version, atMs, note }) => {
          const chip = noteChip(note, timeOfDay);
          return (
            <li key={version}>
              <button type="button" onClick={() => open("timeline", version)} className="flex w-full flex-wrap items-center gap-x-3 gap-y-1 rounded-sm px-1 py-1.5 text-left hover:bg-hover">
                <time className="font-mono text-2xs text-ink-3">{timeOfDay(atMs)}</time>
                <Chip tone={chip.tone}>{chip.text}</Chip>
                <span className="text-xs text-ink-3">{note.outcome === "wrong" ? "the secret was looked at" : note.outcome === "locked" ? "no secret was looked at" : ""}</span>
                <span className="ml-auto text-2xs text-accent">version {version}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}

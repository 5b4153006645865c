// The host: agents, their conversations and the store, behind the host port.
//
// Owns which conversations this process serves and the life of each: opened once, served, ended once.
//
//   AH1. A conversation is opened at most once at a time; a second `open` joins the first.            (P12)
//   AH2. Nothing is served without an epoch of this process.                                          (P14)
//   AH3. A conversation that is gone leaves memory; whoever waits hears of it.                        (P13)
//   AH4. One whose record cannot be used here is not owned: a newer release may take it, and who repairs it may write.
//        The next call, open, message or end finds out, and it is opened again.                       (P10)

import { linkAgent } from "../agent/agent.ts";
import type { JointRecords } from "../agent/joint-records.ts";
import { defineAgent, type AgentDefinition } from "../agent/definition.ts";
import { TIDY } from "../agent/part-description.ts";
import { ConversimpleError } from "../base/errors.ts";
import { sleep } from "../base/clock.ts";
import { checkId } from "../base/ids.ts";
import type { GrownPart } from "../state/size-watch.ts";
import { conversationOwner, type Loaded, type Owner } from "../state/store.ts";
import { warnOf, warnOfSize } from "./agent-warnings.ts";
import { Borrowing, type EndedBy } from "./borrowing.ts";
import { Burials } from "./burials.ts";
import { CallDesk } from "./call-desk.ts";
import { Claims } from "./claims.ts";
import { LiveConversation, type ConversationHost } from "./conversation.ts";
import { CustomerData } from "./customer-data.ts";
import { Ends } from "./ends.ts";
import type { ErasureReceipt } from "./erasure.ts";
import type { Caller, Host, HostHealth, Invocation, Opened, OpenOptions, Outcome, ToolDescription } from "./host.ts";
import { hostSettings, type HostOptions, type HostSettings } from "./host-options.ts";
import { watchRejections } from "./late-rejections.ts";
import { Lease } from "./leases.ts";
import { END_MESSAGE, type Mail } from "./mail.ts";
import { Maintenance } from "./maintenance.ts";
import { describedTools, ToolOffers } from "./offered-tools.ts";
import { onceSlice } from "./once.ts";
import { JointRecordsOfStore } from "./joint-records.ts";
import { OutsideWriters } from "./outside-writers.ts";
import { SecondLooks } from "./second-looks.ts";
import { hasStarted, recordOf } from "./stored-conversation.ts";
import { Units } from "./units.ts";
import { WarmValues } from "./warm-values.ts";

/** How long aborted calls may take to be journalled when the process has to leave, milliseconds. */
const PUT_DOWN_MS = 1_000;

type GoneReason = "ended" | "taken" | "released";

export class AgentHost implements Host, ConversationHost {
  readonly settings: HostSettings;
  readonly #agents = new Map<string, AgentDefinition>();
  readonly #live = new Map<string, LiveConversation>();
  readonly #opening = new Map<string, Promise<Opened>>();
  readonly #offers = new ToolOffers();
  readonly #goneListeners = new Set<(conversationId: string, why: GoneReason) => void>();
  readonly #lease: Lease;
  readonly #units: Units;
  readonly #calls: CallDesk;
  readonly #maintenance: Maintenance;
  readonly #outside: OutsideWriters;
  readonly #burials: Burials;
  readonly #ends: Ends;
  readonly #looks: SecondLooks;
  readonly #borrowing: Borrowing;
  readonly #warm = new WarmValues();
  readonly #claims: Claims;
  readonly #unlinks: readonly (() => void)[];
  #isDraining = false;
  #unwatch = () => {};

  private constructor(settings: HostSettings) {
    this.settings = settings;
    const { store, clock, logger, onError, hash } = settings;
    for (const agent of settings.agents) this.#add(agent);
    this.#lease = new Lease(store, clock, settings.leaseMs);
    this.#claims = new Claims({ store, clock, identity: this.#lease.identity, agents: this.#agents });
    const joint = new JointRecordsOfStore({ store, clock, hash, random: settings.random, grew: (owner, grown) => warnOfSize(settings, { owner }, grown) });
    this.#units = new Units({ store, clock, logger, onError, joint, rehearsal: settings.rehearsal, isRecording: settings.record, end: (live, { reason, source }, message) => this.#end(live, reason, { source, message }) });
    this.#ends = new Ends({ store, clock, logger, end: (id, reason) => this.#close(id, reason) });
    this.#looks = new SecondLooks({
      store,
      mayOpen: (live) => !this.#isDraining && this.#live.get(live.id) === live,
      open: (live) => this.#open(live.id, live.agent, live.caller),
      gone: (live, why) => this.#forget(live, why),
    });
    this.#borrowing = new Borrowing({
      store,
      claims: this.#claims,
      units: this.#units,
      looks: this.#looks,
      conversations: this.#live,
      isFree: (id) => !this.#isDraining && !this.#live.has(id) && !this.#opening.has(id),
      build: (id, agent, loaded) => this.#build(id, agent, {}, loaded),
      deliver: (id) => this.deliver(id),
      end: (live, reason, by) => this.#end(live, reason, by),
      done: (live) => this.#warm.gone(live),
    });
    this.#calls = new CallDesk(settings, this.#units);
    this.#maintenance = new Maintenance(settings, this.#lease, this);
    this.#outside = new OutsideWriters({ store, clock, agents: settings.agents, host: this });
    this.#burials = new Burials({ store, clock, conversations: this.#live, tidy: (erased) => this.#tidy(joint, erased), farewell: (live) => this.#units.farewell(live), gone: (live, last) => this.#buried(live, last) });
    // An agent that is only rehearsed goes on serving whom it served.
    this.#unlinks = settings.rehearsal?.isStrict ? [] : [...this.#agents.values()].map(({ agent, agentId }) => linkAgent(agent, this.#outside.linkFor(agentId)));
  }

  /**
   * A host that is registered at the store and looks after its conversations.
   *
   * @throws {ConversimpleError} `option_invalid`, `definition_invalid`, `state_unavailable`.
   */
  static async start(options: HostOptions): Promise<AgentHost> {
    const host = new AgentHost(hostSettings(options));
    await host.#lease.start();
    host.#maintenance.start();
    host.#unwatch = watchRejections();
    return host;
  }

  get store() {
    return this.settings.store;
  }

  get clock() {
    return this.settings.clock;
  }

  get resolveTimeoutMs() {
    return this.settings.resolveTimeoutMs;
  }

  get agentIds(): readonly string[] {
    return [...this.#agents.keys()];
  }

  /** The conversations that are served here. */
  get conversations(): ReadonlyMap<string, LiveConversation> {
    return this.#live;
  }

  /** The agents that run here, by id. */
  get definitions(): ReadonlyMap<string, AgentDefinition> {
    return this.#agents;
  }

  /** The records that conversations share, as its units use them. */
  get joint(): JointRecords {
    return this.#units.joint;
  }

  /** Puts a message into a conversation's inbox and waits until its owner applied it; gives the version that has it. @throws as {@link OutsideWriters.post}. */
  async post(conversationId: string, mail: Mail): Promise<number> {
    return (await this.#outside.post(conversationId, mail, "applied"))!;
  }

  /** What became of the tool calls, for metrics. */
  get callCounts() {
    return this.#calls.counts;
  }

  async open(conversationId: string, options: OpenOptions): Promise<Opened> {
    checkId(conversationId, "conversation id");
    if (this.#isDraining) throw new ConversimpleError("overloaded", "This process is shutting down and takes no new conversations.");
    const agent = this.#agents.get(options.agentId);
    if (!agent) throw new ConversimpleError("option_invalid", `There is no agent "${options.agentId.slice(0, 64)}" in this process.`, { agents: this.agentIds });
    // Awaited only when there is one: calls that come right behind find `#opening` set.
    const closing = this.#ends.underWay.get(conversationId);
    if (closing) await closing.catch(() => {});
    const before = this.#live.get(conversationId);
    if (before?.quarantine) await this.#looks.again(before);
    const live = this.#live.get(conversationId);
    live?.touch();
    if (live) return { kind: "serving", isNew: false };
    let opening = this.#opening.get(conversationId);
    if (!opening) {
      opening = this.#open(conversationId, agent, options.caller ?? {}).finally(() => this.#opening.delete(conversationId));
      this.#opening.set(conversationId, opening);
    }
    return opening;
  }

  tools(conversationId: string, which: "offered" | "all" = "offered"): readonly ToolDescription[] {
    const live = this.#live.get(conversationId);
    return live ? describedTools(live, which) : [];
  }

  invoke(invocation: Invocation): Promise<Outcome> {
    const live = this.#live.get(invocation.conversationId);
    return live && !live.quarantine ? this.#calls.invoke(live, invocation) : this.#invokeLater(invocation);
  }

  async #invokeLater(invocation: Invocation): Promise<Outcome> {
    const opening = this.#opening.get(invocation.conversationId);
    // A call may overtake the end of `open`; its place in the order is after onConversationStarted.
    if (opening && !this.#live.has(invocation.conversationId)) await opening.catch(() => {});
    const live = this.#live.get(invocation.conversationId);
    if (live?.quarantine && !this.#ends.underWay.has(live.id)) await this.#looks.again(live).catch(() => {});
    return this.#calls.invoke(this.#live.get(invocation.conversationId), invocation);
  }

  confirmed(conversationId: string, callId: string, ms: number): void {
    this.#live.get(conversationId)?.confirmed(callId, ms);
  }

  onToolsChanged(listener: (conversationId: string) => void): () => void {
    return this.#offers.listen(listener);
  }

  onGone(listener: (conversationId: string, why: GoneReason) => void): () => void {
    this.#goneListeners.add(listener);
    return () => this.#goneListeners.delete(listener);
  }

  /** Ends it once, whoever says so and however often; also one that no process serves at the moment, or another one. */
  close(conversationId: string, reason: string): Promise<void> {
    return this.#ends.close(conversationId, reason);
  }

  async configure(config: Readonly<Record<string, unknown>>): Promise<void> {
    for (const definition of this.#agents.values()) {
      const { agent, agentId } = definition;
      try {
        await agent.onConfigUpdate?.(config);
      } catch (thrown) {
        this.settings.logger.warn({ agent: agentId }, "onConfigUpdate failed");
        this.settings.onError(thrown);
        this.#units.tellAgent(definition, thrown);
      }
    }
  }

  health(): HostHealth {
    let waiting = 0;
    for (const { queue } of this.#live.values()) waiting += queue.waiting;
    return {
      status: this.#isDraining ? "draining" : this.#lease.isHealthy ? "ok" : "degraded",
      agents: this.agentIds,
      conversations: this.#live.size,
      waiting,
      store: this.store.address,
    };
  }

  async drain(graceMs: number): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#maintenance.stop();
    const isOver = new AbortController();
    const timer = this.clock.after(graceMs, () => isOver.abort());
    isOver.signal.addEventListener("abort", () => this.#calls.abortAll(shuttingDown()));
    await this.#finished(isOver.signal);
    timer.cancel();
    await Promise.all([...this.#live.values()].map((live) => this.#release(live)));
    await this.#lease.retire().catch(() => {});
    this.#unwatch();
    for (const unlink of this.#unlinks) unlink();
  }

  /** Waits until nothing runs any more; after the signal only as long as aborted calls take to be put down. */
  async #finished(isOver: AbortSignal): Promise<void> {
    const done = (async () => {
      await this.#ends.stop();
      await Promise.allSettled([...this.#opening.values(), ...this.#ends.underWay.values(), ...this.#borrowing.underWay.values()]);
      await Promise.all([...this.#live.values()].map((live) => live.whenIdle()));
    })();
    const over = new Promise<void>((resolve) => isOver.addEventListener("abort", () => void sleep(this.clock, PUT_DOWN_MS).then(resolve)));
    await Promise.race([done, over]);
  }

  /** As after a crash: nothing is released, no hook runs, nothing more is committed. For the test kit. */
  abandon(): void {
    this.#isDraining = true;
    this.#maintenance.stop();
    this.#lease.stop();
    this.#ends.abandon();
    for (const live of this.#live.values()) live.leave(new ConversimpleError("cancelled", "The process was killed."));
    this.#live.clear();
    this.#unwatch();
    for (const unlink of this.#unlinks) unlink();
  }

  /** What a model is offered may be another set now. */
  changed(live: LiveConversation): void {
    this.#offers.look(live);
  }

  /** Has a conversation do what is due: every turn begins with that. */
  due(live: LiveConversation): void {
    void this.#units.inQueue(live, "deadline", () => Promise.resolve(), { unlimited: true }).catch(() => live.dueTimes.again());
  }

  /** P9: a warning before the refusal. */
  grew(live: LiveConversation, grown: GrownPart): void {
    warnOfSize(this.settings, { conversation: live.id, agent: live.agent.agentId }, grown);
  }

  /** Keeps the values of the conversations that were used last, so that idle ones cost their text only. */
  used(live: LiveConversation): void {
    this.#warm.used(live);
  }

  /** LC4: fenced, lost, or overtaken by a version that is not ours. */
  lost(live: LiveConversation, error: ConversimpleError): void {
    this.settings.logger.warn({ conversation: live.id, code: error.code }, "the conversation is not served here any more");
    // By another process, or by a claim of this one that came late.
    if (error.code === "fenced") this.#claims.doubt(live.owner);
    if (error.code === "state_lost") this.#units.report(live, error, "the stored state is gone");
    if (error.code === "conversation_ended") this.#burials.bury(live);
    else this.#forget(live, "taken");
  }

  identified(live: LiveConversation): Promise<void> {
    return this.#burials.afterIdentified(live);
  }

  giveBackDoubtful(): Promise<void> {
    return this.#claims.giveBackDoubtful((id) => [this.#live, this.#opening, this.#ends.underWay, this.#borrowing.underWay].some((busy) => busy.has(id)));
  }

  buryErased(): Promise<void> {
    return this.#burials.look();
  }

  /** Erases a customer; conversations that are served here end at once. (P22) @throws {ConversimpleError} `id_invalid`, `state_unavailable`. */
  async forget(customerId: string): Promise<ErasureReceipt> {
    const receipt = await new CustomerData(this.settings).forget(customerId);
    await this.#burials.look();
    return receipt;
  }

  /** Has a conversation read its inbox now; false when it is not served here. */
  deliver(conversationId: string): boolean {
    const live = this.#live.get(conversationId);
    if (!live || live.quarantine) return false;
    live.hasMail = true;
    // Whoever is next in the queue reads it; when nobody is, an empty turn does.
    if (live.queue.isIdle) void this.#units.inQueue(live, "inbox", () => Promise.resolve(), { unlimited: true }).catch(() => {});
    return true;
  }

  /** Takes over a conversation that nobody serves, to read its inbox, and gives it up again (P16). */
  borrow(conversationId: string): Promise<void> {
    return this.#borrowing.forMail(conversationId);
  }

  /** Ends a conversation that is silent: one that is served here, or that nobody serves and nobody touched since. (P13) */
  endSilent(conversationId: string, silentSinceMs: number): Promise<void> {
    const live = this.#live.get(conversationId);
    // One that turns out to be somebody else's is theirs to judge: nothing is posted.
    return this.#ends.ifAbandoned(conversationId, async () => {
      if (live) {
        await this.#endHere(live, "abandoned");
        return;
      }
      await this.#borrowing.forEnd(conversationId, "abandoned", silentSinceMs);
      await this.#claims.endStray(conversationId, silentSinceMs, this.#endFacts("abandoned"));
    });
  }

  #add(agent: HostSettings["agents"][number]): void {
    const definition = defineAgent(agent);
    if (this.#agents.has(definition.agentId)) throw new ConversimpleError("option_invalid", `Two agents have the id "${definition.agentId}".`, { agentId: definition.agentId });
    warnOf(definition, this.settings);
    const usesOnce = [...definition.tools.values()].some(({ options }) => options.once);
    this.#agents.set(definition.agentId, usesOnce ? { ...definition, slices: [...definition.slices, onceSlice] } : definition);
  }

  async #open(conversationId: string, agent: AgentDefinition, caller: Caller): Promise<Opened> {
    const claimed = await this.#claims.claim(conversationId, agent);
    if (claimed.kind !== "claimed") return claimed;
    const { loaded } = claimed;
    const live = this.#build(conversationId, agent, caller, loaded);
    const isNew = !hasStarted(loaded);
    try {
      await this.#begin(live, isNew);
    } catch (thrown) {
      // It is not served, so it must not look as if it were.
      live.leave(new ConversimpleError("cancelled", "The conversation could not be opened."));
      await this.#claims.giveBack(loaded).catch(() => {});
      throw thrown;
    }
    const isAgain = this.#live.has(conversationId);
    this.#live.set(conversationId, live);
    this.#offers.begin(live, isAgain);
    return { kind: "serving", isNew };
  }

  /** The first unit of a conversation here: it commits the record of a new one. */
  async #begin(live: LiveConversation, isNew: boolean): Promise<void> {
    if (live.quarantine) {
      this.#units.report(live, live.quarantine, "the stored record is quarantined");
      // When it fails, the next look gives it up.
      return this.#claims.giveBack(live).catch(() => {});
    }
    const { agent } = live.agent;
    const name = isNew ? "onConversationStarted" : "onConversationResumed";
    // A resumed conversation without a hook has nothing to commit, unless something was due meanwhile.
    if (!isNew && !("onConversationResumed" in agent)) {
      if (live.dueTimes.overdue().length > 0) await this.#units.inQueue(live, "deadline", () => Promise.resolve());
      return;
    }
    await this.#units.inQueue(live, name, () => this.#units.hook(live, name, () => (isNew ? agent.onConversationStarted?.() : agent.onConversationResumed?.())), { isFirst: isNew });
  }

  #build(conversationId: string, agent: AgentDefinition, caller: Caller, loaded: Loaded): LiveConversation {
    return new LiveConversation(this, conversationId, agent, caller, loaded, recordOf(loaded, agent));
  }

  async #close(conversationId: string, reason: string): Promise<void> {
    const owner = conversationOwner(checkId(conversationId, "conversation id"));
    await this.#opening.get(conversationId)?.catch(() => {});
    const before = this.#live.get(conversationId);
    if (before?.quarantine) await this.#looks.again(before).catch(() => {});
    const live = this.#live.get(conversationId);
    if (live && (await this.#endHere(live, reason))) return;
    // Whoever has it ends it; when that is nobody, we do.
    if (await this.#ends.post(owner, reason)) await this.borrow(conversationId);
  }

  /** False when it turned out to be somebody else's. @throws {StoreUnavailableError} */
  async #endHere(live: LiveConversation, reason: string): Promise<boolean> {
    try {
      await this.#units.inQueue(live, "onConversationEnded", () => this.#end(live, reason), { unlimited: true });
    } catch (thrown) {
      if (!live.gone) throw thrown;
    }
    return live.gone?.code === "conversation_ended";
  }

  /**
   * The last unit of a conversation; whoever waits behind it in the queue hears that it has ended.
   *
   * @param by the message that says so, when one does.
   */
  async #end(live: LiveConversation, reason: string, by?: EndedBy): Promise<void> {
    const facts = this.#endFacts(reason);
    // A quarantined record stays as it is, and no hook sees it: only the facts change.
    if (live.quarantine) await live.commit({ entry: { unit: "hook", name: "onConversationEnded", outcome: "ok", ms: [0, 0, 0] }, facts, consume: [END_MESSAGE] });
    else await this.#units.end(live, reason, facts, by);
    await this.#units.refuseMail(live).catch(() => {});
    live.leave(new ConversimpleError("conversation_ended", "The conversation has ended.", { conversation: live.id }));
    await this.#claims.giveBack(live).catch(() => {});
    this.#forget(live, "ended");
  }

  #tidy(joint: JointRecordsOfStore, erased: ReadonlySet<Owner>): void {
    joint.forget(erased);
    for (const { parts } of this.#agents.values()) for (const part of parts.values()) part[TIDY](erased);
  }

  #buried(live: LiveConversation, last: () => Promise<void>): void {
    // Whoever closes it just now has run its hook.
    void this.#ends.only(live.id, last).catch(() => {});
    this.#forget(live, "ended");
  }

  #endFacts(reason: string) {
    const { retentionMs } = this.settings;
    return { status: "ended" as const, endReason: reason.slice(0, 256), expiresAtMs: retentionMs === "forever" ? null : this.clock.now() + retentionMs };
  }

  async #release(live: LiveConversation): Promise<void> {
    live.leave(shuttingDown());
    await this.#claims.giveBack(live).catch(() => {});
    this.#forget(live, "released");
  }

  #forget(live: LiveConversation, why: GoneReason): void {
    this.#warm.gone(live);
    // A conversation that was only taken over for a moment was never registered; nobody waits to hear of it.
    if (this.#live.get(live.id) !== live) return;
    this.#live.delete(live.id);
    for (const listener of this.#goneListeners) listener(live.id, why);
  }
}

function shuttingDown(): ConversimpleError {
  return new ConversimpleError("overloaded", "This process is shutting down.");
}

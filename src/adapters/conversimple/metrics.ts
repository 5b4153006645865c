// The metrics in Prometheus's text form.
//
// Owns their names. Counts nothing itself but durations: the rest is read from the stats when somebody asks.

import type { CounterConfiguration, Registry } from "prom-client";
import type { Host } from "../../host/host.ts";
import type { PlatformLink } from "./platform-link.ts";

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** Stops observing the link. */
  close(): void;
}

/** Upper bounds in seconds: a tool that only changes state takes under a millisecond, one that calls a service more. */
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** One registry of its own; loads `prom-client`. */
export async function openMetrics(host: Host, link: PlatformLink): Promise<Metrics> {
  const { Counter, Gauge, Histogram, Registry } = await import("prom-client");
  const registry: Registry = new Registry();
  const registers = [registry];
  const { wire, ignored, toolCalls } = link.stats;

  /** A counter that mirrors numbers which are counted elsewhere. */
  const mirror = (name: string, help: string, label: string | undefined, read: () => Iterable<readonly [string, number]>): void => {
    const configuration: CounterConfiguration<string> = {
      name: `conversimple_${name}`,
      help,
      labelNames: label === undefined ? [] : [label],
      registers,
      collect() {
        this.reset();
        for (const [value, count] of read()) this.inc(label === undefined ? {} : { [label]: value }, count);
      },
    };
    new Counter(configuration);
  };
  const single = (name: string, help: string, read: () => number): void => mirror(name, help, undefined, () => [["", read()]]);

  mirror("frames_total", "Frames of the platform connection.", "direction", () => [["received", wire.framesReceived], ["sent", wire.framesSent]]);
  mirror("frames_dropped_total", "Incoming frames that were not used.", "reason", () => Object.entries(wire.dropped));
  mirror("messages_ignored_total", "Messages that were understood and not acted upon.", "reason", () => Object.entries(ignored));
  mirror("tool_calls_total", "Tool calls by what they were answered with.", "outcome", () => toolCalls);
  single("joins_total", "Joins that succeeded.", () => wire.joins);
  single("reconnects_total", "Attempts to connect or join again.", () => wire.reconnects);
  single("answers_resent_total", "Answers that were sent again after a rejoin.", () => wire.resent);
  single("answers_refused_total", "Answers that the platform replied to with an error.", () => wire.pushesRefused);
  single("answers_lost_total", "Answers given up because too many were unconfirmed.", () => wire.pushesLost);

  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({ name: `conversimple_${name}`, help, registers, collect() { this.set(read()); } });
  };
  gauge("connected", "1 while the control line is joined.", () => (link.state === "joined" ? 1 : 0));
  gauge("conversations", "Conversations that this process serves.", () => host.health().conversations);
  gauge("units_waiting", "Units of work waiting or running.", () => host.health().waiting);

  const duration = new Histogram({ name: "conversimple_tool_duration_seconds", help: "From the call to its answer.", buckets: DURATION_BUCKETS, registers });
  const close = link.onCall((_outcome, durationMs) => duration.observe(durationMs / 1_000));
  return { contentType: registry.contentType, text: () => registry.metrics(), close };
}

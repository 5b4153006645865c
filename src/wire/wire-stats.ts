// What the wire counts. One object may be shared by many connections.

/** Why something that came in was not used. */
export type DropReason =
  | "binary"
  | "frame_invalid"
  | "frame_too_large"
  | "foreign_topic"
  | "stale_join_ref"
  | "not_joined"
  | "unknown_ref"
  | "handler_failed";

/** Counters that only grow. */
export interface WireStats {
  framesReceived: number;
  framesSent: number;
  /** Joins that succeeded, first ones and later ones. */
  joins: number;
  /** Attempts to connect or join again after a loss. */
  reconnects: number;
  /** Durable pushes that were sent again after a rejoin. */
  resent: number;
  /** Durable pushes that the platform answered with an error. */
  pushesRefused: number;
  /** Durable pushes given up because the outbox was full. */
  pushesLost: number;
  readonly dropped: Record<DropReason, number>;
}

export function newWireStats(): WireStats {
  return {
    framesReceived: 0,
    framesSent: 0,
    joins: 0,
    reconnects: 0,
    resent: 0,
    pushesRefused: 0,
    pushesLost: 0,
    dropped: {
      binary: 0,
      frame_invalid: 0,
      frame_too_large: 0,
      foreign_topic: 0,
      stale_join_ref: 0,
      not_joined: 0,
      unknown_ref: 0,
      handler_failed: 0,
    },
  };
}

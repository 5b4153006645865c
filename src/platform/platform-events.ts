// What happens on the platform, for those who watch: the CLI, scripts, later the inspector.
//
//   W1. An event carries ids and names, never arguments or results. What was said is masked: nothing that a tool's schema marks
//       is in it.                                                                                     (P21)
//   W2. A listener that throws stops nothing.

/** Something that happened. */
export type PlatformEvent =
  | { readonly type: "conversation_created" | "conversation_active" | "conversation_waiting" | "conversation_ended"; readonly conversationId: string; readonly agentId: string }
  | { readonly type: "call_delivered" | "call_answered" | "call_failed" | "call_timed_out"; readonly conversationId: string; readonly callId: string; readonly tool: string }
  | { readonly type: "turn_began" | "turn_ended"; readonly conversationId: string; readonly turn: number; /** The caller spoke over it. */ readonly isInterrupted?: boolean }
  | { readonly type: "turn_called"; readonly conversationId: string; readonly turn: number; readonly callId: string; readonly tool: string }
  | { readonly type: "caller_said" | "agent_said"; readonly conversationId: string; readonly turn: number; readonly text: string; readonly isInterrupted?: boolean }
  | { readonly type: "agent_joined" | "agent_left"; readonly connectionId: number; readonly agents: readonly string[] };

/** Hears what happens on the platform; must not throw. */
export type PlatformListener = (event: PlatformEvent) => void;

export class PlatformEvents {
  readonly #listeners = new Set<PlatformListener>();

  /** Calls the listener from now on; returns a function that stops it. */
  on(listener: PlatformListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(event: PlatformEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // W2: whoever watches must not change what is watched.
      }
    }
  }
}

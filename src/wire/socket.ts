// The socket port: what the wire needs of a WebSocket.
//
// Owns no code, so that tests can drop, delay, repeat and reorder what passes here.
//
//   K1. No event comes before `connect` has returned.
//   K2. `onClose` comes exactly once, also for a socket that never opened; nothing comes after it.
//   K3. Neither a socket nor a closing repeats the address's query, the key or a frame.

/** How a socket came to its end. */
export interface SocketClosing {
  /** The close code (RFC 6455); 1006 when there was none: the connection broke or never opened. */
  readonly code: number;
  /** A word for logs: `frame_too_large`, the system's error code, ... Never the peer's own text. */
  readonly reason: string;
  /** The HTTP status when the upgrade was answered with something else than 101. */
  readonly httpStatus?: number;
}

/** What a socket tells (K1, K2). */
export interface SocketEvents {
  onOpen(): void;
  onText(text: string): void;
  /** A binary frame came; the protocol has none, so only its size is told. */
  onBinary(bytes: number): void;
  onClose(closing: SocketClosing): void;
}

/** One WebSocket, opening or open. */
export interface Socket {
  /** Sends a text frame; ignored unless the socket is open. */
  send(text: string): void;
  /** Closes after what was sent; `onClose` follows. */
  close(code: number, reason: string): void;
  /** Drops the connection at once; `onClose` follows. */
  terminate(): void;
}

/** Opens a socket to the platform. Never throws: a failure is an `onClose`. */
export type Connect = (events: SocketEvents) => Socket;

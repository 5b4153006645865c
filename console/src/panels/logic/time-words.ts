// Times and amounts in the words of a panel.
//
//   TW1. A duration has at most two units, the largest first; what is not known is said so.

/** `1200` as "1.2 s", `90000` as "1 min 30 s", `0.4` as "0.4 ms". */
export function durationText(ms: number): string {
  if (ms < 0) return `−${durationText(-ms)}`;
  if (ms < 10) return `${trimmed(ms)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${trimmed(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return two(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

function two(large: number, unit: string, small: number, smaller: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smaller}`;
}

function trimmed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** What is left of a time that ends, as a clock: "4:05", "1:02:09"; "0:00" when it is over. */
export function countdownText(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  const clock = `${String(Math.floor((seconds % 3_600) / 60)).padStart(seconds >= 3_600 ? 2 : 1, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  return seconds >= 3_600 ? `${Math.floor(seconds / 3_600)}:${clock}` : clock;
}

/** `2048` as "2 KiB". */
export function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const kib = bytes / 1_024;
  return kib < 1_024 ? `${kib < 10 ? trimmed(kib) : Math.round(kib)} KiB` : `${trimmed(kib / 1_024)} MiB`;
}

/** "1 attempt", "2 attempts". */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

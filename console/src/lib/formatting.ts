// Times, durations and sizes as they are read.
//
//   FO1. A number is as exact as it is useful: a duration has two or three digits that mean something.

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** "0.4 ms", "12 ms", "1.24 s", "3 min 12 s", "2 h 5 min", "3 d 4 h". */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms === 0) return "0 ms";
  if (ms < 1) return ms < 0.05 ? "<0.1 ms" : `${ms.toFixed(1)} ms`;
  if (ms < 10) return `${trimmed(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${trimmed((ms / 1_000).toFixed(2))} s`;
  if (ms < 59_950) return `${trimmed((ms / 1_000).toFixed(1))} s`;
  // What rounds up to the next unit is written in it: never "60 min".
  if (ms < HOUR_MS - 500) return two(ms, MINUTE_MS, "min", 1_000, "s");
  if (ms < DAY_MS - MINUTE_MS / 2) return two(ms, HOUR_MS, "h", MINUTE_MS, "min");
  return two(ms, DAY_MS, "d", HOUR_MS, "h");
}

/** How long ago, for lists: "now", "12 s", "5 min", "3 h", "2 d". */
export function age(ms: number): string {
  if (ms < 2_000) return "now";
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1_000)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** "830 B", "1.4 KiB", "256 KiB". */
export function size(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB"];
  let value = bytes / 1_024;
  let unit = 0;
  while (value >= 1_023.5 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${value < 10 ? trimmed(value.toFixed(1)) : Math.round(value)} ${units[unit]}`;
}

/** The time of a day with milliseconds where they are wanted: "14:03:07", "14:03:07.214". */
export function timeOfDay(atMs: number, hasMs = false): string {
  const date = new Date(atMs);
  const text = [date.getHours(), date.getMinutes(), date.getSeconds()].map((each) => String(each).padStart(2, "0")).join(":");
  return hasMs ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

/** A whole moment: "2026-11-27 14:03:07", in the browser's time zone. */
export function moment(atMs: number): string {
  const date = new Date(atMs);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((each) => String(each).padStart(2, "0")).join("-");
  return `${day} ${timeOfDay(atMs)}`;
}

/** "1 entry", "5,000 entries". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}

function two(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const units = Math.round(ms / small);
  const perLarge = large / small;
  const rest = units % perLarge;
  const whole = `${Math.floor(units / perLarge)} ${largeName}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`;
}

function trimmed(digits: string): string {
  return digits.replace(/\.?0+$/, "");
}

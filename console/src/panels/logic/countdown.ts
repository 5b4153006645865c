// What is left of a time that ends.

/** What is left as a clock: "4:05", "1:02:09"; "0:00" when it is over. Begun seconds count. */
export function countdownText(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  const clock = `${String(Math.floor((seconds % 3_600) / 60)).padStart(seconds >= 3_600 ? 2 : 1, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  return seconds >= 3_600 ? `${Math.floor(seconds / 3_600)}:${clock}` : clock;
}

// Many things to do, some of them at the same time.

/** Runs the task for each item, at most so many at once; resolves when all are done. A task that rejects ends it, as in a loop. */
export async function atOnce<T>(limit: number, items: Iterable<T>, task: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const one = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await task(next.value);
  };
  await Promise.all(Array.from({ length: limit }, one));
}

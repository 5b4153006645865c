// A command of ours as it works in the terminal where this one was started.

/**
 * @param words what follows the name: `call`, or `call stateful --conversation c1`.
 * @returns as typed on the PATH, under npm, or by this repository's own script.
 */
export function nextCommand(words: string, { npm_command: npm, npm_package_name: project }: NodeJS.ProcessEnv = process.env): string {
  if (npm === undefined) return `conversimple ${words}`;
  if (project !== "conversimple") return `npx conversimple ${words}`;
  const [script, ...rest] = words.split(" ");
  return rest.length === 0 ? `npm run ${script}` : `npm run ${script} -- ${rest.join(" ")}`;
}

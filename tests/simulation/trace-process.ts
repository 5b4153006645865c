// Runs one seed in a process of its own and prints the digest of its trace, to be compared with another one's.

import { runSeed } from "./world.ts";

const { breaches, trace } = await runSeed({ seed: Number(process.argv[2]) });
console.log(JSON.stringify({ digest: trace.digest, lines: trace.lines.length, breaches }));

// A platform in its own process, so that a test can kill it. Arguments: data file, port. Prints its port.

import { LocalPlatform } from "../../src/platform/index.ts";

const [dataPath, port] = process.argv.slice(2);
const platform = new LocalPlatform({ dataPath: dataPath!, port: Number(port), apiKey: "cs_test_0123456789abcdef" });
process.stdout.write(`${(await platform.start()).port}\n`);

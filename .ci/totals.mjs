// Reads Vitest's JSON report and prints `passed failed skipped`. Plain JavaScript, for whatever Node there is.
//
// A run is never better than its exit code: when it failed without a failed test (no report, a file that does not
// load, an unhandled error, no test at all), one failure is counted.

import { readFileSync } from "node:fs";

const [path, exitCode] = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };

/** The files of the report; none when the run did not get so far as to write one. */
function filesOf(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).testResults;
  } catch {
    return [];
  }
}

for (const file of filesOf(path)) {
  for (const { status } of file.assertionResults) counts[status === "passed" || status === "failed" ? status : "skipped"]++;
  if (file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed")) counts.failed++;
}
if (counts.failed === 0 && (exitCode !== "0" || counts.passed === 0)) counts.failed = 1;
console.log(counts.passed, counts.failed, counts.skipped);

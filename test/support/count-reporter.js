import { appendFileSync } from 'node:fs';

/** Tells `npm test`, which sums over several runs of jest, how many tests passed, failed and were skipped. */
export default class CountReporter {
  /** @param {unknown} _contexts @param {{ numPassedTests: number, numFailedTests: number,
   * numRuntimeErrorTestSuites: number, numPendingTests: number, numTodoTests: number }} results a part of what jest tells */
  onRunComplete(_contexts, results) {
    const file = process.env.TEST_COUNTS;
    if (!file) return;
    const passed = results.numPassedTests;
    // A file that could not be run has no tests that could fail.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    appendFileSync(file, `${JSON.stringify({ passed, failed, skipped })}\n`);
  }
}

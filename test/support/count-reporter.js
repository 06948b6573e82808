import { appendFileSync } from 'node:fs';

/** Writes how many tests passed, failed and were skipped to a file: `npm test` sums them over several runs of jest. */
export default class CountReporter {
  /** @param {unknown} _contexts @param {{ numPassedTests: number, numFailedTests: number,
   * numRuntimeErrorTestSuites: number, numPendingTests: number, numTodoTests: number }} results a part of jest's results */
  onRunComplete(_contexts, results) {
    const file = process.env.TEST_COUNTS;
    if (!file) return;
    const passed = results.numPassedTests;
    // A file that can't be loaded has no failed tests: it counts as one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    appendFileSync(file, `${JSON.stringify({ passed, failed, skipped })}\n`);
  }
}

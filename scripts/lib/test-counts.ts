import { existsSync, readFileSync } from 'node:fs';

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The sum of the counts that runs of jest have written (test/support/count-reporter.js); undefined without any. */
export function readCounts(file: string): TestCounts | undefined {
  if (!existsSync(file)) return undefined;
  const runs = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TestCounts);
  const sum = (of: keyof TestCounts) => runs.reduce((total, run) => total + run[of], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** The last line of a run, for continuous integration. */
export const closingLine = ({ passed, failed, skipped }: TestCounts): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

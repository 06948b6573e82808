/** @type {import('jest').Config} */
export default {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  testEnvironment: 'node',
  // For every test and hook: a test ends as soon as it has what it waits for, so only one that fails takes this long.
  testTimeout: 1_200_000,
  // One after the other, for when anything is measured; `npm test` runs more at once where tests mostly wait.
  maxWorkers: 1,
  testSequencer: '<rootDir>/test/support/slow-first.cjs',
  reporters: ['default', '<rootDir>/test/support/count-reporter.js'],
  testMatch: ['**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.local', '<rootDir>/.esbuild', '<rootDir>/.serverless', '/dist/'],
};

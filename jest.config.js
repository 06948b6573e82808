/** @type {import('jest').Config} */
export default {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  testEnvironment: 'node',
  // One after the other: two platforms under load at once are too many for two cores.
  maxWorkers: 1,
  testMatch: ['**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.local', '<rootDir>/.esbuild', '<rootDir>/.serverless', '/dist/'],
};

/** @type {import('jest').Config} */
export default {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  testEnvironment: 'node',
  // One after the other, for when anything is measured; `npm test` runs more at once where tests mostly wait.
  maxWorkers: 1,
  testMatch: ['**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.local', '<rootDir>/.esbuild', '<rootDir>/.serverless', '/dist/'],
};

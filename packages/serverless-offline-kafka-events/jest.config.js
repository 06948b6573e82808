/** Used by `npm run conformance`, which also runs the long tests (`*.long.ts`). @type {import('jest').Config} */
export default {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts', '**/*.long.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/example/'],
};

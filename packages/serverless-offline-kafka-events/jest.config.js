/** The long suite, by `npm run conformance`. The quick one is the `*.test.ts` of it. @type {import('jest').Config} */
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

import js from '@eslint/js';
import ts from 'typescript-eslint';

/** @param {string[]} names */
const noClients = (names) => ({ paths: names, patterns: names.map((name) => `${name}/*`) });

export default ts.config(
  { ignores: ['**/dist/', '.serverless/', '.esbuild/', '.local/', 'coverage/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  { files: ['**/*.js'], languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } } },
  {
    // CommonJS, because serverless-esbuild requires it.
    files: ['**/*.cjs'],
    languageOptions: { globals: { require: 'readonly', module: 'writable' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // The domain is pure: it may import zod and itself, nothing that does I/O.
    files: ['lib/domain/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(?!zod$|\\./)', message: 'lib/domain imports only zod and itself.' }] },
      ],
    },
  },
  {
    // Functions see ports, never a client library.
    files: ['functions/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', noClients(['kafkajs', 'ioredis', 'jose'])] },
  },
);

import js from '@eslint/js';
import ts from 'typescript-eslint';

const CLIENTS = ['kafkajs', 'ioredis', 'jose', 'rate-limiter-flexible', 'aws-msk-iam-sasl-signer-js', '@aws-sdk'];

/** What is not written down here can be imported by no file of the folder. @param {string} message @param {string[]} allowed */
const only = (message, ...allowed) => ({ regex: `^(?!(${allowed.join('|')})$)`, message });

/** @param {string} message @param {string[]} refused folders of the repository, or packages */
const never = (message, ...refused) => ({ regex: `^(\\.{1,2}/)*(${refused.join('|')})(/|$)`, message });

const SAME_FOLDER = String.raw`\./[^/]+`;
const OUTSIDE_LIB = never(
  'Nothing in lib imports what uses it.',
  'functions',
  'infra',
  'scripts',
  'test',
  'packages',
  'web',
);

/**
 * Type imports count as well, so does `import()`. Tests may import what they like.
 * @param {string} folder or file @param {{ regex: string, message: string }[]} patterns
 */
const imports = (folder, ...patterns) => ({
  files: [folder.endsWith('.ts') ? folder : `${folder}/**/*.ts`],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': /** @type {['error', object]} */ (['error', { patterns }]),
    'no-restricted-syntax': /** @type {['error', ...object[]]} */ ([
      'error',
      ...patterns.flatMap(({ regex, message }) =>
        ['ImportExpression > Literal.source', 'TSImportType Literal'].map((place) => ({
          selector: `${place}[value=/${regex.replaceAll('/', String.raw`\u002F`)}/]`,
          message,
        })),
      ),
    ]),
  },
});

export default ts.config(
  { ignores: ['**/dist/', '.serverless/', '.esbuild/', '.local/', 'coverage/', '**/.service-*/'] },
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
  // Every import points inward: functions → use cases → ports → domain; the last one that matches a file holds for it.
  imports('lib', OUTSIDE_LIB),
  imports('lib/adapters', OUTSIDE_LIB, never('Adapters do not know who puts them together.', 'deps\\.ts')),
  imports(
    'lib/config',
    only(
      'lib/config imports only itself, lib/errors.ts, lib/log.ts and libraries without I/O.',
      SAME_FOLDER,
      '\\.\\./(errors|log)\\.ts',
      'zod',
      'ipaddr\\.js',
      'node:(crypto|net|url)',
    ),
  ),
  imports(
    'lib/usecases',
    only(
      'Use cases import the domain, ports, configuration, errors and the log: no adapter and no client library.',
      SAME_FOLDER,
      '\\.\\./(domain|config)/[^/]+',
      '\\.\\./(ports|errors|log)\\.ts',
      'zod',
      'node:timers/promises',
    ),
  ),
  imports('lib/ports.ts', only('Ports are described in terms of the domain.', '\\./domain/[^/]+')),
  // The domain is pure: nothing that does I/O.
  imports('lib/domain', only('lib/domain imports only zod and itself.', SAME_FOLDER, 'zod')),
  // Functions see ports, never a client library.
  imports(
    'functions',
    never('Functions see ports, never a client library.', ...CLIENTS),
    never('Functions import only lib.', 'infra', 'scripts', 'test', 'packages', 'web'),
  ),
);

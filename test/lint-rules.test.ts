import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..');

const FORBIDDEN = [
  ['lib/domain/window.ts', '../ports.ts'],
  ['lib/domain/window.ts', './../log.ts'],
  ['lib/domain/window.ts', 'node:fs'],
  ['lib/usecases/deliver.ts', '../adapters/http.ts'],
  ['lib/usecases/deliver.ts', '../deps.ts'],
  ['lib/usecases/deliver.ts', 'kafkajs'],
  ['lib/usecases/deliver.ts', 'ioredis'],
  ['lib/usecases/deliver.ts', '@aws-sdk/client-lambda'],
  ['lib/ports.ts', 'aws-lambda'],
  ['lib/config/variables.ts', '../adapters/tcp/address-policy.ts'],
  ['lib/config/variables.ts', '../domain/emoji.ts'],
  ['lib/adapters/http.ts', '../deps.ts'],
  ['lib/adapters/kafka/client.ts', '../../../infra/serverless.ts'],
  ['lib/adapters/kafka/client.ts', '../../../test/support/until.ts'],
  ['lib/deps.ts', '../scripts/topics.ts'],
  ['lib/log.ts', '../functions/health.ts'],
  ['functions/health.ts', 'kafkajs'],
  ['functions/health.ts', 'kafkajs/src/broker'],
  ['functions/health.ts', 'ioredis'],
  ['functions/health.ts', '../infra/serverless.ts'],
] as const;

const ALLOWED = [
  ['lib/domain/window.ts', './stream.ts'],
  ['lib/domain/window.ts', 'zod'],
  ['lib/usecases/deliver.ts', '../domain/frame.ts'],
  ['lib/usecases/deliver.ts', '../ports.ts'],
  ['lib/usecases/deliver.ts', '../config/topics.ts'],
  ['lib/config/variables.ts', './hosts.ts'],
  ['lib/adapters/http.ts', '../errors.ts'],
  ['lib/adapters/kafka/client.ts', 'kafkajs'],
  ['lib/deps.ts', './adapters/kafka/client.ts'],
  ['functions/health.ts', '../lib/deps.ts'],
] as const;

/** All ways to write an import. */
const spellings = (path: string): string[] => [
  `import { a } from '${path}'; export { a };`,
  `import type { A } from '${path}'; export type { A };`,
  `export { a } from '${path}';`,
  `export type { A } from '${path}';`,
  `export const a = () => import('${path}');`,
  `export type A = import('${path}').A;`,
];

/**
 * Counts the spellings that ESLint reports for each import. Runs in a child process, since jest can't load the rules.
 */
const countReported = (imports: readonly (readonly [file: string, path: string])[]): number[] => {
  const code = `
    import { ESLint } from 'eslint';
    const eslint = new ESLint({
      overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
      ruleFilter: ({ ruleId }) => ['no-restricted-imports', 'no-restricted-syntax'].includes(ruleId),
    });
    const reported = async (filePath, texts) => {
      const results = await Promise.all(texts.map((text) => eslint.lintText(text, { filePath })));
      return results.flat().filter(({ messages }) => messages.some(({ ruleId }) => ruleId)).length;
    };
    const imports = ${JSON.stringify(imports.map(([file, path]) => [file, spellings(path)]))};
    console.log(JSON.stringify(await Promise.all(imports.map(([file, texts]) => reported(file, texts)))));`;
  const args = ['--input-type=module', '--eval', code];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })) as number[];
};

test('the lint rules report imports that break the direction of dependencies, in every spelling', () => {
  const counts = countReported([...FORBIDDEN, ...ALLOWED]);
  const [forbidden, allowed] = [counts.slice(0, FORBIDDEN.length), counts.slice(FORBIDDEN.length)];
  expect(FORBIDDEN.map((each, n) => [...each, forbidden[n]])).toEqual(
    FORBIDDEN.map((each) => [...each, spellings('').length]),
  );
  expect(ALLOWED.map((each, n) => [...each, allowed[n]])).toEqual(ALLOWED.map((each) => [...each, 0]));
});

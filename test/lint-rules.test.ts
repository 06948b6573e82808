import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..');

const REFUSED = [
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

const TAKEN = [
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

/** Every way to write an import. */
const spellings = (path: string): string[] => [
  `import { a } from '${path}'; export { a };`,
  `import type { A } from '${path}'; export type { A };`,
  `export { a } from '${path}';`,
  `export type { A } from '${path}';`,
  `export const a = () => import('${path}');`,
  `export type A = import('${path}').A;`,
];

/** How many of the spellings are refused in each place. In a process of its own, since jest cannot load the rules. */
const countRefused = (places: readonly (readonly [file: string, path: string])[]): number[] => {
  const code = `
    import { ESLint } from 'eslint';
    const eslint = new ESLint({
      overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
      ruleFilter: ({ ruleId }) => ['no-restricted-imports', 'no-restricted-syntax'].includes(ruleId),
    });
    const refused = async (filePath, texts) => {
      const results = await Promise.all(texts.map((text) => eslint.lintText(text, { filePath })));
      return results.flat().filter(({ messages }) => messages.some(({ ruleId }) => ruleId)).length;
    };
    const places = ${JSON.stringify(places.map(([file, path]) => [file, spellings(path)]))};
    console.log(JSON.stringify(await Promise.all(places.map(([file, texts]) => refused(file, texts)))));`;
  const args = ['--input-type=module', '--eval', code];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })) as number[];
};

test('the lint rules refuse every import that does not point inward, however it is written', () => {
  const counts = countRefused([...REFUSED, ...TAKEN]);
  const [refused, taken] = [counts.slice(0, REFUSED.length), counts.slice(REFUSED.length)];
  expect(REFUSED.map((place, n) => [...place, refused[n]])).toEqual(
    REFUSED.map((place) => [...place, spellings('').length]),
  );
  expect(TAKEN.map((place, n) => [...place, taken[n]])).toEqual(TAKEN.map((place) => [...place, 0]));
});

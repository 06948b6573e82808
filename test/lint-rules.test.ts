import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryFolders } from './support/folder.ts';

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
  ['web/src/page.ts', 'zod'],
  ['web/src/page.ts', '../../lib/domain/emoji.ts'],
  ['web/src/page.ts', '../../packages/live-reactions/src/index.ts'],
  ['web/src/page.ts', 'live-reactions/testing'],
  ['web/src/page.ts', 'node:fs'],
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
  ['web/src/page.ts', './stage.ts'],
  ['web/src/page.ts', 'live-reactions'],
  ['web/src/page.ts', 'live-reactions/messages'],
] as const;

/** All ways to write an import; another rule forbids `import('a').A` as a type. */
const spellings = (path: string, n = 0): string[] => [
  `import { a${n} } from '${path}';`,
  `import type { A${n} } from '${path}';`,
  `export { b${n} } from '${path}';`,
  `export type { B${n} } from '${path}';`,
  `export const load${n} = () => import('${path}');`,
];
const SPELLINGS = spellings('').length;

interface Report {
  diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[];
}

const folder = temporaryFolders();
const oxlint = join(dirname(createRequire(import.meta.url).resolve('oxlint/package.json')), 'bin', 'oxlint');

/** Counts the spellings that oxlint reports for each import. */
const countReported = (places: readonly (readonly [file: string, path: string])[]): number[] => {
  const dir = folder();
  const config = JSON.parse(readFileSync(join(ROOT, '.oxlintrc.json'), 'utf8')) as object;
  // These rules need no types.
  writeFileSync(join(dir, '.oxlintrc.json'), JSON.stringify({ ...config, options: {} }));
  const lines = new Map<string, { text: string; place: number }[]>();
  for (const [place, [file, path]] of places.entries()) {
    const added = spellings(path, place).map((text) => ({ text, place }));
    lines.set(file, [...(lines.get(file) ?? []), ...added]);
  }
  for (const [file, texts] of lines) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), texts.map(({ text }) => text).join('\n'));
  }
  const { stdout } = spawnSync(process.execPath, [oxlint, '--format=json'], { cwd: dir, encoding: 'utf8' });
  const reported = new Set<object>();
  for (const { code, filename, labels } of (JSON.parse(stdout) as Report).diagnostics) {
    const line = lines.get(filename)?.[(labels[0]?.span.line ?? 0) - 1];
    if (line && code.includes('no-restricted-imports')) reported.add(line);
  }
  return places.map(
    (_, n) => [...lines.values()].flat().filter((line) => line.place === n && reported.has(line)).length,
  );
};

test('the lint rules report imports that break the direction of dependencies, in every spelling', () => {
  const counts = countReported([...FORBIDDEN, ...ALLOWED]);
  const [forbidden, allowed] = [counts.slice(0, FORBIDDEN.length), counts.slice(FORBIDDEN.length)];
  expect(FORBIDDEN.map((each, n) => [...each, forbidden[n]])).toEqual(FORBIDDEN.map((each) => [...each, SPELLINGS]));
  expect(ALLOWED.map((each, n) => [...each, allowed[n]])).toEqual(ALLOWED.map((each) => [...each, 0]));
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryFolders } from '../../test/support/folder.ts';
import { checkVersions } from './versions.ts';

const folder = temporaryFolders();
const ours = { kafka: '4.3.1', redis: '7.2.5' };
/** A folder with data of these versions; undefined: without a version file. */
const written = (versions: unknown) => {
  const dir = folder();
  mkdirSync(join(dir, 'kafka'));
  if (versions !== undefined) writeFileSync(join(dir, 'version.json'), JSON.stringify(versions));
  return dir;
};

test('an empty folder is accepted and marked with the versions that write to it', () => {
  const dir = folder();
  checkVersions(dir, ours);
  expect(JSON.parse(readFileSync(join(dir, 'version.json'), 'utf8'))).toEqual(ours);
  mkdirSync(join(dir, 'kafka'));
  checkVersions(dir, ours);
});

test('patch releases share a format', () => {
  checkVersions(written({ kafka: '4.3.0', redis: '7.2.11' }), ours);
});

test.each<[string, unknown, string]>([
  ['another Kafka', { kafka: '3.9.1', redis: '7.2.5' }, 'kafka 3.9.1, this is 4.3.1'],
  ['a newer Redis', { kafka: '4.3.1', redis: '8.0.0' }, 'redis 8.0.0, this is 7.2.5'],
  ['an unknown version', undefined, 'kafka of an unknown version, this is 4.3.1; redis of an unknown version'],
])('data of %s is rejected with an error that says what to do, and stays unchanged', (_what, versions, says) => {
  const dir = written(versions);
  expect(() => checkVersions(dir, ours)).toThrow(`The data in ${dir} was written by ${says}`);
  expect(() => checkVersions(dir, ours)).toThrow('Run "npm run reset" to start with an empty folder.');
});

import { readdirSync, statSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { temporaryFolders } from '../../test/support/folder.ts';
import { ensureClassArchive } from './class-archive.ts';
import { ensureJars, kafkaVersion } from './jars.ts';
import { classArchive } from './kafka.ts';

const folder = temporaryFolders();

test('the archive of the broker’s classes is created beside the jars', async () => {
  const lib = await ensureJars(() => {});
  await ensureClassArchive(lib, kafkaVersion());
  expect(statSync(classArchive(lib)).size).toBeGreaterThan(1e6);
});

test('a broker that cannot start is tried once, and the archive is an empty file', async () => {
  const lib = folder();
  await ensureClassArchive(lib, '4.0.0');
  expect(statSync(classArchive(lib)).size).toBe(0);
  const before = statSync(classArchive(lib)).mtimeMs;
  await ensureClassArchive(lib, '4.0.0');
  expect(statSync(classArchive(lib)).mtimeMs).toBe(before);
  expect(readdirSync(lib)).toEqual(['kafka.jsa']);
});

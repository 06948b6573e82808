import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { nodePrograms } from '../../test/support/children.ts';
import { temporaryFolders } from '../../test/support/folder.ts';
import { takeLock, withLock } from './lock.ts';

const folder = temporaryFolders();
const start = nodePrograms();

const MODULE = new URL('./lock.ts', `file://${import.meta.filename}`).href;
const HOLDER = `
  import { takeLock } from '${MODULE}';
  const lock = takeLock(process.argv[1]);
  console.log('heldBy' in lock ? lock.heldBy : 'taken');
  setInterval(() => {}, 1000);`;

const release = (lock: ReturnType<typeof takeLock>) => {
  if (!('release' in lock)) throw new Error(`held by ${lock.heldBy}`);
  lock.release();
};

test('only one process holds the lock; after its release another can take it', () => {
  const file = join(folder(), 'lock');
  const first = takeLock(file);
  expect(takeLock(file)).toEqual({ heldBy: process.pid });
  release(first);
  release(takeLock(file));
});

test('a lock of a running process is respected; a lock of a dead process is taken over', async () => {
  const file = join(folder(), 'lock');
  const { child, line } = await start(HOLDER, file);
  expect(line).toBe('taken');
  expect(takeLock(file)).toEqual({ heldBy: child.pid });
  child.kill('SIGKILL');
  await once(child, 'exit');
  release(takeLock(file));
});

test('a lock is taken over when another program has got the pid of its holder', () => {
  const file = join(folder(), 'lock');
  writeFileSync(file, JSON.stringify({ pid: process.pid, command: 'node another-program.js' }));
  release(takeLock(file));
});

test.each(['', '{', '{"pid":"x"}', 'null'])('an invalid lock file (%j) is taken over', (content) => {
  const file = join(folder(), 'lock');
  writeFileSync(file, content);
  release(takeLock(file));
});

test('a former holder does not release the lock of its successor', () => {
  const file = join(folder(), 'lock');
  const first = takeLock(file);
  writeFileSync(file, 'another holder');
  release(first);
  expect(readFileSync(file, 'utf8')).toBe('another holder');
});

test('of many processes that find a dead holder at the same time exactly one takes the lock', async () => {
  const dir = folder();
  const file = join(dir, 'lock');
  writeFileSync(file, JSON.stringify({ pid: 1, command: 'long gone' }));
  const started = await Promise.all(Array.from({ length: 4 }, () => start(HOLDER, file)));
  const winners = started.filter(({ line }) => line === 'taken');
  expect(winners).toHaveLength(1);
  for (const { line } of started) expect(['taken', String(winners[0]?.child.pid)]).toContain(line);
  expect(readdirSync(dir)).toEqual(['lock']);
});

test('withLock runs work sequentially and releases the lock when the work fails', async () => {
  const file = join(folder(), 'lock');
  const order: string[] = [];
  const work = (name: string) =>
    withLock(file, async () => {
      order.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`${name} out`);
      if (name === 'a') throw new Error('a failed');
    });
  await Promise.allSettled([work('a'), work('b')]);
  expect(order).toEqual(['a in', 'a out', 'b in', 'b out']);
});

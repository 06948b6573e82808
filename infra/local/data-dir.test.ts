import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isAlive, nodePrograms } from '../../test/support/children.ts';
import { temporaryFolders } from '../../test/support/folder.ts';
import { setupErrorOf } from '../../test/support/setup-error.ts';
import { until } from '../../test/support/until.ts';
import { claimDataDir } from './data-dir.ts';
import { SetupError } from './errors.ts';

const folder = temporaryFolders();
const start = nodePrograms();
const STAYS = `console.log('here'); setInterval(() => {}, 1000);`;
const STUBBORN = `process.on('SIGTERM', () => {}); ${STAYS}`;

/** Starts a program and records its pid as an earlier start would have done. */
const leftover = async (dir: string, program: string, ...args: string[]) => {
  const { child } = await start(program, ...args);
  if (!existsSync(join(dir, 'pids'))) (await claimDataDir(dir)).release();
  writeFileSync(join(dir, 'pids', 'kafka.json'), JSON.stringify({ pid: child.pid, guard: 999_999_999 }));
  return child;
};

test('a data folder can be used by only one start at a time', async () => {
  const dir = join(folder(), 'data');
  const claimed = await claimDataDir(dir);
  await expect(claimDataDir(dir)).rejects.toThrow(
    `already running (pid ${process.pid}): stop it with Ctrl-C in its terminal, or with: kill ${process.pid}`,
  );
  claimed.release();
  (await claimDataDir(dir)).release();
});

test('programs that a killed start left running in the folder are ended', async () => {
  const dir = folder();
  const child = await leftover(dir, STAYS, join(dir, 'server.properties'));
  const lines: string[] = [];
  const claimed = await claimDataDir(dir, (line) => lines.push(line));
  await until('the program has ended', () => child.signalCode === 'SIGTERM');
  expect(lines).toEqual([`ending processes that an earlier run left (pid ${child.pid})`]);
  expect(existsSync(claimed.pidFile('kafka'))).toBe(false);
  claimed.release();
});

test('another program that reuses the pid is not touched', async () => {
  const dir = folder();
  // Its command line names another folder, whose name begins with ours.
  const child = await leftover(dir, STAYS, `${dir}-of-somebody-else/server.properties`);
  const claimed = await claimDataDir(dir);
  expect(child.signalCode).toBeNull();
  expect(isAlive(child.pid ?? 0)).toBe(true);
  expect(existsSync(claimed.pidFile('kafka'))).toBe(false);
  claimed.release();
});

test('killAll kills only the programs of the folder', async () => {
  const dir = folder();
  const claimed = await claimDataDir(dir);
  const ours = await leftover(dir, STUBBORN, join(dir, 'x'));
  const { child: other } = await start(STAYS);
  writeFileSync(claimed.pidFile('other'), JSON.stringify({ pid: other.pid }));
  claimed.killAll();
  await once(ours, 'exit');
  expect(ours.signalCode).toBe('SIGKILL');
  expect(other.signalCode).toBeNull();
  claimed.release();
});

test.each(['', '{"pid":', '{}'])('an incomplete pid file (%j) is ignored', async (content) => {
  const dir = folder();
  (await claimDataDir(dir)).release();
  writeFileSync(join(dir, 'pids', 'redis.json'), content);
  (await claimDataDir(dir)).release();
});

test('a path that cannot be a folder is rejected with the reason', async () => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  const error = await claimDataDir(join(file, 'data')).catch((each: unknown) => each);
  expect(error).toBeInstanceOf(SetupError);
  expect((error as Error).message).toMatch(/cannot be used as the data folder: ENOTDIR/);
});

test('a folder with other files is accepted if none has a name that a start uses', async () => {
  const dir = folder();
  writeFileSync(join(dir, 'notes.txt'), '');
  (await claimDataDir(dir)).release();
  writeFileSync(join(dir, 'version.json'), '{}'); // written by a start
  (await claimDataDir(dir)).release();
});

test.each(['kafka', 'redis', 'logs', 'pids', 'version.json'])(
  'a folder that contains a foreign %s is rejected',
  async (name) => {
    const dir = folder();
    mkdirSync(join(dir, name));
    expect(await setupErrorOf(claimDataDir(dir))).toBe(
      `${dir} cannot be used as the data folder: it holds ${name}, which "npm start" has not created. Use a new or empty folder.`,
    );
    expect(readdirSync(dir)).toEqual([name]);
  },
);

test('an empty path is rejected', async () => {
  expect(await setupErrorOf(claimDataDir(''))).toBe('The data folder should be a path, not an empty text.');
});

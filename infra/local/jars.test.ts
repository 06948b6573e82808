import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolders } from '../../test/support/folder.ts';
import { setupErrorOf } from '../../test/support/setup-error.ts';
import { ensureJars, jarsAreHere, kafkaVersion, redisBinary } from './jars.ts';
import { findRedis } from './redis.ts';
import type { Run } from './run.ts';

const folder = temporaryFolders();

/** Replaces Maven: records its calls and creates the folder. */
const maven = (answer: { ok: boolean; output: string }) => {
  const calls: string[][] = [];
  const run: Run = async (program, args) => {
    calls.push([program, ...args]);
    const out = args.find((arg) => arg.startsWith('-Dout='))?.slice(6) ?? '';
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'kafka.jar'), '');
    return answer;
  };
  return { run, calls };
};

test('kafkaVersion reads the version in the pom', () => {
  expect(kafkaVersion()).toMatch(/^4\.\d+\.\d+$/);
});

describe('ensureJars', () => {
  const OK = { ok: true, output: '' };

  test('downloads once, logs it, and finds the folder afterwards', async () => {
    const lib = folder();
    const { run, calls } = maven(OK);
    const lines: string[] = [];
    expect(jarsAreHere(lib)).toBe(false);
    const dir = await ensureJars((line) => lines.push(line), lib, run);
    expect(readdirSync(dir)).toEqual(['kafka.jar']);
    expect(await ensureJars((line) => lines.push(line), lib, run)).toBe(dir);
    expect(calls).toHaveLength(1);
    expect(lines).toEqual(['downloading Apache Kafka and Redis with Maven, once (67 MB)…']);
    expect(jarsAreHere(lib)).toBe(true);
  });

  test('concurrent calls download once', async () => {
    const lib = folder();
    const { run, calls } = maven(OK);
    const dirs = await Promise.all([ensureJars(() => undefined, lib, run), ensureJars(() => undefined, lib, run)]);
    expect(new Set(dirs).size).toBe(1);
    expect(calls).toHaveLength(1);
  });

  test('an interrupted download is not taken for a complete one, and is removed later', async () => {
    const lib = folder();
    const failed = maven({ ok: false, output: '[INFO] …\n[ERROR] Could not transfer artifact\n[ERROR] more' });
    const message = await setupErrorOf(ensureJars(() => undefined, lib, failed.run));
    expect(message).toMatch(/check the network and try again\. \[ERROR\] Could not transfer artifact$/);
    expect(jarsAreHere(lib)).toBe(false);
    mkdirSync(join(lib, 'partial-1'));
    await ensureJars(() => undefined, lib, maven(OK).run);
    expect(readdirSync(lib).filter((name) => name.startsWith('partial-'))).toEqual([]);
    expect(existsSync(join(lib, 'download.lock'))).toBe(false);
  });
});

describe('Redis', () => {
  const withBinaries = (...names: string[]) => {
    const dir = folder();
    mkdirSync(join(dir, 'redis'));
    for (const name of names) writeFileSync(join(dir, 'redis', name), '', { mode: 0o644 });
    return dir;
  };

  test('redisBinary finds the binary for the system and processor, and makes it executable', () => {
    const names = [
      'redis-server-6.2.7-linux-amd64',
      'redis-server-6.2.7-darwin-arm64',
      'redis-server-6.2.6-linux-arm64',
    ];
    const dir = withBinaries(...names);
    const found = redisBinary(dir, 'linux', 'x64');
    expect(found).toBe(join(dir, 'redis', names[0] ?? ''));
    expect(statSync(found ?? '').mode & 0o111).toBe(0o111);
    expect(redisBinary(dir, 'darwin', 'arm64')).toMatch(/darwin-arm64$/);
    expect(redisBinary(dir, 'sunos', 'x64')).toBeUndefined();
  });

  const says = (answers: Record<string, string>): Run => {
    return async (program) => {
      const version = Object.entries(answers).find(([name]) => program.endsWith(name))?.[1];
      return version ? { ok: true, output: `Redis server v=${version} sha=0` } : { ok: false, output: 'ENOENT' };
    };
  };

  test('the downloaded server is used if it runs, else an installed one that is new enough', async () => {
    const dir = withBinaries(
      `redis-server-6.2.7-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`,
    );
    const own = redisBinary(dir) ?? '';
    expect(await findRedis(dir, says({ [own]: '6.2.7', 'redis-server': '7.0.15' }))).toEqual({
      program: own,
      version: '6.2.7',
    });
    expect(await findRedis(dir, says({ 'redis-server': '7.0.15' }))).toEqual({
      program: 'redis-server',
      version: '7.0.15',
    });
    for (const old of ['6.0.16', '5.9.9'])
      expect(await setupErrorOf(findRedis(dir, says({ 'redis-server': old })))).toMatch(/install Redis 6.2 or newer/);
    expect(await setupErrorOf(findRedis(dir, says({})))).toMatch(/or set REDIS_URL/);
  });
});

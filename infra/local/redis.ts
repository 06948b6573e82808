import { mkdirSync, realpathSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { DataDir } from './data-dir.ts';
import { SetupError } from './errors.ts';
import { redisBinary } from './jars.ts';
import { type Run, runProgram } from './run.ts';
import { createService, type Service } from './service.ts';

export interface RedisProgram {
  program: string;
  version: string;
}

/** The binary in the jar or, where that does not run (no OpenSSL 3, another processor), the installed one. */
export async function findRedis(lib: string, run: Run = runProgram): Promise<RedisProgram> {
  for (const program of [redisBinary(lib), 'redis-server']) {
    if (!program) continue;
    const { ok, output } = await run(program, ['--version'], 5000);
    const [, version, major, minor] = /v=((\d+)\.(\d+)\.\d+)/.exec(output) ?? [];
    if (ok && version && Number(major) * 100 + Number(minor) >= 602) return { program, version };
  }
  throw new SetupError(
    'The redis-server that Maven downloaded does not run on this machine: install Redis 6.2 or newer (redis-server on the PATH), or set REDIS_URL.',
  );
}

/**
 * Whether the Redis with this data folder, and not another one on the port, answers PONG. While it loads its file it
 * answers -LOADING.
 */
const answersFor = (folder: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('PING\r\nCONFIG GET dir\r\n'));
    const done = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    const expected = `+PONG\r\n*2\r\n$3\r\ndir\r\n$${Buffer.byteLength(folder)}\r\n${folder}\r\n`;
    let received = '';
    socket.setTimeout(1000, () => done(false));
    socket.setEncoding('utf8').on('data', (chunk) => {
      received += String(chunk);
      if (!expected.startsWith(received) || received === expected) done(received === expected);
    });
    socket.once('error', () => done(false));
    socket.once('end', () => done(false));
  });

/** @param more options of redis.conf that are added to, or replace, the defaults below */
export function redisService(
  dir: DataDir,
  redis: RedisProgram,
  port: number,
  more: Readonly<Record<string, string>> = {},
): Service {
  const data = join(dir.path, 'redis');
  const options = {
    port: String(port),
    bind: '127.0.0.1',
    dir: data,
    // Changes are written to the kernel before each answer, so kill -9 loses nothing, as with the broker. With
    // `everysec` Redis may answer before it writes, while an fsync is slow, and committed taps could be lost.
    appendonly: 'yes',
    appendfsync: 'no',
    save: '',
    'maxmemory-policy': 'noeviction',
    // Keeps the folder in the command line, by which processes of an earlier run are recognised.
    'set-proc-title': 'no',
    ...more,
  };
  return createService({
    name: `Redis ${redis.version}`,
    pidFile: dir.pidFile('redis'),
    output: join(dir.path, 'logs', 'redis.log'),
    command() {
      mkdirSync(data, { recursive: true });
      const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]);
      return Promise.resolve({ program: redis.program, args });
    },
    ready: () => answersFor(realpathSync(data), port),
    ports: [port],
    readyMs: 30_000,
    stopSignal: 'SIGTERM',
    graceMs: 3000,
  });
}

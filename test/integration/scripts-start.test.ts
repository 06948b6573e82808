import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { variables } from '../../lib/config/variables.ts';
import { temporaryFolders } from '../support/folder.ts';
import { startRedisServers } from '../support/redis-servers.ts';
import { scriptProcesses } from '../support/scripts.ts';
import { kafkaBrokers } from '../support/services.ts';

const folder = temporaryFolders();
const { run } = scriptProcesses();

const unset = Object.fromEntries(Object.keys(variables).map((name) => [name, '']));

/** Runs `npm start` with only these variables. `started` tells whether it created the data folder. */
const start = async (env: Record<string, string>) => {
  const dataDir = join(folder(), 'data');
  const { code, stdout, stderr } = await run('start', ['--data-dir', dataDir], { ...unset, ...env });
  return { code, stdout, lines: stderr.trimEnd().split('\n'), started: existsSync(dataDir) };
};

const expectation = (name: string) => (variables[name as keyof typeof variables].meta() as { expects: string }).expects;
const errorLine = (name: string) => expect.stringMatching(new RegExp(`^${name} must be .+ \\((it is|the value)`));

/** Variables that accept any text: their only error is a missing value, see below. */
const ANY_TEXT = ['KAFKA_USERNAME', 'KAFKA_PASSWORD', 'AUTH_ISSUER', 'AUTH_AUDIENCE'];
/** Variables that `npm start` does not read: it is always the local stage. */
const NOT_READ = ['STAGE'];
/** Invalid for every variable that does not accept any text. */
const BAD = '!';

describe('npm start with an invalid variable exits with code 1 and starts nothing', () => {
  test('prints a line for every invalid variable with its name and what it must be', async () => {
    const names = Object.keys(variables).filter((name) => ![...ANY_TEXT, ...NOT_READ].includes(name));
    const { code, stdout, lines, started } = await start(Object.fromEntries(names.map((name) => [name, BAD])));
    expect({ code, stdout, started }).toEqual({ code: 1, stdout: '', started: false });
    expect(lines).toEqual(names.map(errorLine));
    for (const [n, name] of names.entries()) expect(lines[n]).toContain(`${name} must be ${expectation(name)} (`);
  });

  test('the lines have the given values, but no secrets', async () => {
    const env = { WINDOW_SECONDS: '0', REDIS_URL: 'http://u:hunter2@cache', KAFKA_AUTH: 'scram' };
    const { code, stdout, lines, started } = await start(env);
    expect({ code, stdout, started }).toEqual({ code: 1, stdout: '', started: false });
    expect(lines.sort()).toEqual([
      'KAFKA_PASSWORD must be a password (it is not set)',
      'KAFKA_USERNAME must be a user name (it is not set)',
      'REDIS_URL must be a redis:// or rediss:// URL such as rediss://user:password@host:6379/0, special characters percent-encoded; for a cluster several, separated by commas (the value is not shown)',
      'WINDOW_SECONDS must be a whole number from 1 to 3600 (it is "0")',
    ]);
  });
});

test('npm start with an invalid option exits with code 1 and an error that names it', async () => {
  expect(await run('start', ['--page-port', 'x'], unset)).toEqual({
    code: 1,
    stdout: '',
    stderr: '--page-port should be a port number (0–65535), not "x".\n',
  });
});

test('npm start with a Redis that may evict keys exits with code 1 and an error that says what to set', async () => {
  const redis = await startRedisServers(1, ['--maxmemory-policy', 'volatile-lru']);
  try {
    const env = { KAFKA_BROKERS: kafkaBrokers(), REDIS_URL: `redis://127.0.0.1:${redis.servers[0]?.port}` };
    const ports = ['page', 'http', 'lambda', 'websocket'].flatMap((name) => [`--${name}-port`, '0']);
    const args = [...ports, '--data-dir', join(folder(), 'data')];
    expect(await run('start', args, { ...unset, ...env })).toMatchObject({
      code: 1,
      stderr:
        'The Redis that REDIS_URL names may lose counts: maxmemory-policy must be noeviction (it is volatile-lru). In its configuration: maxmemory-policy noeviction\n',
    });
  } finally {
    await redis.stop();
  }
});

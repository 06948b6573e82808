import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { composeProject } from './compose.ts';
import { DEFAULT_DATA_DIR, REPO } from './data-dir.ts';
import { SetupError } from './errors.ts';
import type { Run } from './run.ts';

const FILE = join(REPO, 'docker-compose.redpanda.yml');

/** Replaces Docker and records its calls. */
const docker = (answer = { ok: true, output: '' }) => {
  const calls: { command: string; env: NodeJS.ProcessEnv | undefined }[] = [];
  const run: Run = async (program, args, _ms, env) => {
    calls.push({ command: [program, ...args].join(' '), env });
    return answer;
  };
  return { run, calls, commands: () => calls.map(({ command }) => command) };
};
const PORTS = { kafka: 19_092, redis: 16_379 };

describe('composeProject', () => {
  const prefix = `docker compose -f ${FILE} -p emoji-streaming-9f86d081`;

  test('runs Docker to start a service and wait until it is healthy, and to kill and stop it', async () => {
    const { run, commands } = docker();
    const broker = composeProject('test', PORTS, run).service('redpanda', 'Redpanda');
    await broker.start();
    await broker.kill('SIGKILL');
    await broker.stop();
    expect(commands()).toEqual([
      `${prefix} up -d --wait redpanda`,
      `${prefix} kill -s SIGKILL redpanda`,
      `${prefix} stop -t 5 redpanda`,
    ]);
  });

  test('down stops the console too, and deletes data only when asked', async () => {
    const { run, commands } = docker();
    const project = composeProject('test', PORTS, run);
    await project.down();
    await project.down('volumes');
    expect(commands()).toEqual([`${prefix} --profile console down -t 5`, `${prefix} --profile console down -t 5 -v`]);
  });

  test('each data folder is a project of its own, so that no start stops the containers of another clone', async () => {
    const { run, commands } = docker();
    await composeProject('/tmp/a', PORTS, run).down();
    await composeProject('/tmp/b', PORTS, run).down();
    const names = commands().map((command) => / -p (\S+) /.exec(command)?.[1]);
    expect(new Set([...names, 'emoji-streaming']).size).toBe(3); // the last one is for use by hand
    for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9_-]*$/); // what compose allows
  });

  test('the error of a failed command contains the output of Docker', async () => {
    const { run } = docker({ ok: false, output: 'pull access denied\n' });
    const error = await composeProject(DEFAULT_DATA_DIR, PORTS, run)
      .service('redis', 'Redis')
      .start()
      .then(
        () => undefined,
        (each: unknown) => each,
      );
    expect(error).toBeInstanceOf(SetupError);
    expect((error as Error).message).toBe(
      'Redis did not start. docker compose up -d --wait redis failed:\npull access denied',
    );
  });
});

/** The parts of the Compose Specification that we use; anything else in the file is a mistake. */
const duration = z.string().regex(/^\d+(ms|s|m)$/);
const serviceSchema = z.strictObject({
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  ports: z.array(z.string()),
  volumes: z.array(z.string()).optional(),
  profiles: z.array(z.string()).optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).optional(),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.literal('CMD-SHELL'), z.string()]),
      interval: duration,
      timeout: duration,
      retries: z.int(),
      start_period: duration.optional(),
    })
    .optional(),
  restart: z.literal('on-failure').optional(),
  stop_grace_period: duration.optional(),
});
const fileSchema = z.strictObject({
  name: z.string(),
  services: z.strictObject({ redpanda: serviceSchema, redis: serviceSchema, console: serviceSchema }),
  volumes: z.record(z.string(), z.null()),
});

describe('docker-compose.redpanda.yml, checked as configuration', () => {
  const { name, services, volumes } = fileSchema.parse(parse(readFileSync(FILE, 'utf8')));
  const { redpanda, redis, console: ui } = services;
  const option = (flag: string) => redpanda.command?.[redpanda.command.indexOf(flag) + 1] ?? '';

  test('started by hand, its project differs from those of `npm start`', () => {
    expect(name).toBe('emoji-streaming');
  });

  test('images are pinned to a release', () => {
    for (const { image } of Object.values(services)) expect(image).toMatch(/^[a-z/]+:v?\d+\.\d+\.\d+(-alpine)?$/);
    expect(redis.image).toMatch(/^redis:7\./);
  });

  test('every port is published to this machine only', () => {
    const published = Object.values(services).flatMap(({ ports }) => ports);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:\d+$/);
  });

  test('the variables that `npm start` sets are those that the file reads', async () => {
    const { run, calls } = docker();
    await composeProject(DEFAULT_DATA_DIR, PORTS, run).down();
    const { KAFKA_PORT, REDIS_PORT } = calls[0]?.env ?? {};
    expect({ KAFKA_PORT, REDIS_PORT }).toEqual({ KAFKA_PORT: '19092', REDIS_PORT: '16379' });
    expect(redpanda.ports).toEqual(['127.0.0.1:${KAFKA_PORT:-9092}:9092']);
    expect(redis.ports).toEqual(['127.0.0.1:${REDIS_PORT:-6379}:6379']);
  });

  test('Redpanda listens on the published port, and advertises addresses that clients can reach', () => {
    const listeners = (text: string) =>
      Object.fromEntries(text.split(',').map((one) => one.split('://') as [string, string]));
    expect(listeners(option('--kafka-addr'))).toEqual({ internal: '0.0.0.0:29092', external: '0.0.0.0:9092' });
    expect(listeners(option('--advertise-kafka-addr'))).toEqual({
      internal: 'redpanda:29092',
      external: '127.0.0.1:${KAFKA_PORT:-9092}',
    });
    expect(ui.environment?.KAFKA_BROKERS).toBe('redpanda:29092');
  });

  test('a misspelt topic name does not create a topic', () => {
    expect(option('--set')).toBe('redpanda.auto_create_topics_enabled=false');
  });

  test('Redpanda and Redis have health checks, for which `--wait` waits', () => {
    expect(redpanda.healthcheck?.test[1]).toContain('rpk cluster health');
    expect(redis.healthcheck?.test[1]).toContain('redis-cli ping | grep -q PONG');
  });

  test('data survives the containers, and Redis persists it', () => {
    const mounts = [...(redpanda.volumes ?? []), ...(redis.volumes ?? [])];
    expect(mounts).toEqual(['redpanda:/var/lib/redpanda/data', 'redis:/data']);
    expect(mounts.map((mount) => mount.split(':')[0])).toEqual(Object.keys(volumes));
    expect(redis.command?.join(' ')).toContain('--appendonly yes --appendfsync no');
    expect(redis.command?.join(' ')).toContain('--maxmemory-policy noeviction');
  });

  test('the console is started only on demand, once the broker is healthy', () => {
    expect(ui.profiles).toEqual(['console']);
    expect(ui.depends_on).toEqual({ redpanda: { condition: 'service_healthy' } });
    expect([redpanda.profiles, redis.profiles]).toEqual([undefined, undefined]);
  });
});

// `npm run counting-cost`: measures what counting costs Redis.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimDataDir } from '../infra/local/data-dir.ts';
import { ensureJars } from '../infra/local/jars.ts';
import { anyFreePort } from '../infra/local/ports.ts';
import { findRedis, redisService } from '../infra/local/redis.ts';
import { RedisCountStore } from '../lib/adapters/redis/count-store.ts';
import { createRedis, type RedisClient } from '../lib/adapters/redis/client.ts';
import { RedisPacer } from '../lib/adapters/redis/pacer.ts';
import { RedisRegistry } from '../lib/adapters/redis/registry.ts';
import { BUCKETS } from '../lib/config/topics.ts';
import { type Config, loadConfig } from '../lib/config/variables.ts';
import { registrationSchema } from '../lib/domain/registration.ts';
import { createLogger } from '../lib/log.ts';
import { createCounter } from '../lib/usecases/count-taps.ts';
import { createPublishFinals } from '../lib/usecases/publish-finals.ts';
import { type Io, readArgs, runScript, UsageError } from './lib/cli.ts';
import { section, writeFormatted } from './lib/markdown.ts';
import { type RedisUsage, slowScripts, usageOf, watchSlow } from './lib/redis-usage.ts';
import { count } from './lib/table.ts';
import { TapStream } from './lib/tap-stream.ts';

const DOCS = 'docs/performance.md';
const HELP = `npm run counting-cost [-- options]     measures what counting costs Redis

  --only CASE       one of the cases below
  --print           only prints the result, instead of also writing it into ${DOCS}
  --help

Starts a Redis of its own and counts 10,000 taps per second of event time, in one batch over four partitions, as the
functions do. Takes two minutes. Cases: CASES.

Exit code 2 for wrong usage.`;

interface Case {
  name: string;
  rooms: number;
  identified: boolean;
}

const CASES: readonly Case[] = [1, 20, 1000, 10_000].flatMap((rooms) =>
  [false, true].map((identified) => ({
    name: `${rooms}${identified ? '-id' : ''}`,
    rooms,
    identified,
  })),
);

const TAPS = 10_000;
const PARTITIONS = 4;
/** Seconds of event time until windows begin to be final and each room has as many windows as it will have. */
const WARM_UP = 24;
const MEASURED = 24;
const SLOW_FROM_US = 300;
/** Not the start of a window, so that every second batch touches two windows of a room. */
const BEGIN = Date.parse('2026-05-01T20:45:00.700Z');
const log = createLogger('error');

/** The parts of the work, per second of event time. */
interface Cost {
  counting: RedisUsage;
  finals: RedisUsage;
  fanOut: RedisUsage;
}

interface Measured extends Case {
  seconds: Cost[];
  /** ms */
  longestScript: number;
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Everything that the functions use, with Kafka left out. */
const createSystem = (redis: RedisClient, config: Config, stream: TapStream) => {
  const settings = {
    windowMs: config.WINDOW_SECONDS * 1000,
    watermarkMs: config.WATERMARK_SECONDS * 1000,
    ratio: config.AGGREGATION_RATIO,
  };
  const store = new RedisCountStore(redis, {
    ...settings,
    ...{ buckets: BUCKETS, windowRetentionMs: config.WINDOW_RETENTION_SECONDS * 1000, roomRetentionMs: 172_800_000 },
    ...{ idTtlMs: config.EVENT_ID_TTL_SECONDS * 1000, idLimit: config.EVENT_ID_LIMIT },
    maxEmojis: config.MAX_EMOJIS_PER_ROOM,
  });
  const records = { append: async () => undefined };
  const reader = {
    read: () => Promise.reject(new Error('Redis has lost counts')),
    committed: async () => stream.ends,
    ends: async () => stream.ends,
  };
  const ports = { store, records, reader, clock: () => stream.now, log, settings };
  return {
    counter: createCounter({ ...ports, shortCodes: [] }),
    publishFinals: createPublishFinals(ports),
    registry: new RedisRegistry(redis, { clusters: 1, subscribersPerCluster: 1, clientTtl: 3600 }),
    pacer: new RedisPacer(redis, 1),
  };
};

async function measure(redis: RedisClient, admin: RedisClient, config: Config, which: Case): Promise<Measured> {
  await admin.flushall();
  const { rooms, identified } = which;
  const stream = new TapStream({ rooms, taps: TAPS, partitions: PARTITIONS, identified, begin: BEGIN });
  const { counter, publishFinals, registry, pacer } = createSystem(redis, config, stream);
  const names = Array.from({ length: rooms }, (_, n) => `room-${n}`);
  await Promise.all(
    names.map((room_id, n) =>
      registry.register(registrationSchema.parse({ client_id: `client-${n}`, room_id, port: 6000 }), Date.now()),
    ),
  );

  const server = admin as Parameters<typeof usageOf>[0];
  const second = async (): Promise<Cost> => {
    const batch = stream.nextBatch();
    const counting = await usageOf(server, () => counter.count(batch));
    const finals = await usageOf(server, async () => {
      await counter.recountLost();
      await publishFinals();
    });
    const fanOut = await usageOf(server, async () => {
      await registry.audience(names);
      await pacer.claim(names);
    });
    return { counting, finals, fanOut };
  };
  for (let n = 0; n < WARM_UP; n++) await second();
  await watchSlow(server, SLOW_FROM_US);
  const seconds: Cost[] = [];
  for (let n = 0; n < MEASURED; n++) seconds.push(await second());
  return { ...which, seconds, longestScript: Math.max(0, ...(await slowScripts(server))) };
}

const percent = (ms: number) => `${(ms / 10).toFixed(1)} %`;

function markdown(results: readonly Measured[], version: string): string {
  const typical = ({ seconds }: Measured, value: (cost: Cost) => number): number => median(seconds.map(value));
  const both = (measured: Measured, key: keyof RedisUsage) =>
    typical(measured, ({ counting, finals }) => counting[key] + finals[key]);
  return [
    `Measured by \`npm run counting-cost\` with Redis ${version} on ${cpus().length} cores: ${count(TAPS)} taps per second, in one batch over ${PARTITIONS} partitions, five emojis per room; medians of ${MEASURED} batches after ${WARM_UP}. Percentages are of one core.`,
    '',
    '| rooms | `event_id` | counting | lowest¹ | final counts² | per tap | commands³ | reads⁴ | KB⁵ | longest script⁶ | fan-out⁷ |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...results.map((measured) => {
      const { rooms, identified, seconds, longestScript } = measured;
      const cpu = (part: keyof Cost) => typical(measured, (cost) => cost[part].cpuMs);
      const cells = [
        count(rooms),
        identified ? 'yes' : 'no',
        percent(cpu('counting')),
        percent(Math.min(...seconds.map(({ counting }) => counting.cpuMs))),
        percent(sum(seconds.map(({ finals }) => finals.cpuMs)) / seconds.length),
        `${((cpu('counting') * 1000) / TAPS).toFixed(1)} µs`,
        count(both(measured, 'commands')),
        count(both(measured, 'reads')),
        count(both(measured, 'bytes') / 1000),
        longestScript > 0 ? `${longestScript.toFixed(1)} ms` : `< ${SLOW_FROM_US / 1000} ms`,
        percent(cpu('fanOut')),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
    '',
    '¹ Of all batches: the CPU time of a batch rises when other programs use the same cores and their caches. ² The average; there are final counts every second batch. ³ Per second, those in scripts included. ⁴ How often Redis read from a connection: a pipeline is one or a few reads. ⁵ Received and sent per second. ⁶ The time it took, not its CPU time: on a busy machine it includes waiting for a core. ⁷ Reading the audience of every room and limiting its updates to one per second, with a viewer in every room.',
  ].join('\n');
}

async function writeDocs(content: string): Promise<void> {
  await writeFormatted(DOCS, section(readFileSync(DOCS, 'utf8'), 'counting-cost', content));
  console.log(`written into ${DOCS}`);
}

/** Runs `work` with a Redis server of its own. */
async function withRedis<T>(work: (url: string, version: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'counting-cost-'));
  const dir = await claimDataDir(folder);
  try {
    const redis = await findRedis(await ensureJars(console.log));
    const port = await anyFreePort();
    // As ElastiCache runs it; replication is not measured.
    const service = redisService(dir, redis, port, { appendonly: 'no' });
    await service.start();
    try {
      return await work(`redis://127.0.0.1:${port}`, redis.version);
    } finally {
      await service.stop();
    }
  } finally {
    dir.release();
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function main(args: string[], io: Io): Promise<number> {
  const { values } = readArgs({
    args,
    options: { only: { type: 'string' }, print: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  const names = CASES.map(({ name }) => name);
  if (values.help) {
    io.print(HELP.replace('CASES', names.join(', ')));
    return 0;
  }
  const cases = CASES.filter(({ name }) => values.only === undefined || values.only === name);
  if (cases.length === 0) throw new UsageError(`--only should be one of ${names.join(', ')}, not "${values.only}".`);

  const report = await withRedis(async (url, version) => {
    const redis = createRedis(url, log);
    const admin = createRedis(url, log);
    try {
      const results: Measured[] = [];
      for (const which of cases) results.push(await measure(redis, admin, loadConfig({}), which));
      return markdown(results, version);
    } finally {
      redis.disconnect();
      admin.disconnect();
    }
  });
  io.print(report);
  if (!values.print && values.only === undefined) await writeDocs(report);
  return 0;
}

await runScript(import.meta, 'counting-cost', main);

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { REACTION_TOPIC, UPDATE_TOPIC } from '../../lib/config/topics.ts';
import { openAuthenticator } from '../../lib/usecases/authorization.ts';
import { unlimited } from '../support/doubles.ts';
import { createHandler as createIngest } from '../../functions/ingest.ts';
import { frameSchema } from '../../lib/domain/frame.ts';
import { toLines } from '../../lib/domain/update-line.ts';
import { windowStart } from '../../lib/domain/window.ts';
import type { CrashPoint } from '../support/aggregate-once.ts';
import { aggregateOnce, aggregateWith, SETTINGS } from '../support/aggregate-once.ts';
import { nodePrograms } from '../support/children.ts';
import { httpEvent, kafkaEvent } from '../support/events.ts';
import { createPlatformTopics, kafkaFor, readTopic } from '../support/kafka.ts';
import { databaseUrl, kafkaBrokers, quiet } from '../support/services.ts';

// The process ends at exactly one of three points. The batch is then delivered again, as an event source mapping does
// when the offsets are not committed.

const kafka = kafkaFor();
const run = nodePrograms();
const MODULE = new URL('../support/aggregate-once.ts', import.meta.url).href;

let prefix: string;
let target: { brokers: string; redisUrl: string; prefix: string; crash: 'never' };
let aggregate: ReturnType<typeof aggregateWith>;
let clockOffset = 0;
const clock = () => Date.now() + clockOffset;

beforeEach(async () => {
  prefix = `crash-${randomUUID()}-`;
  target = { brokers: kafkaBrokers(), redisUrl: databaseUrl('crash-points').href, prefix, crash: 'never' };
  await createPlatformTopics(kafka, prefix, { clusters: 1, subscribersPerCluster: 1 });
  aggregate = aggregateWith(target, { clock });
  await aggregate.redis.flushdb();
});
afterEach(() => aggregate.close());

/** What a client would show: the largest count published for each window and emoji of a room. */
const published = async (room: string): Promise<Map<string, number>> => {
  const counts = new Map<string, number>();
  for (const { value } of await readTopic(kafka, prefix + UPDATE_TOPIC)) {
    for (const { room_id, start, emoji_type, raw_count } of toLines(frameSchema.parse(JSON.parse(value)))) {
      if (room_id !== room) continue;
      const key = `${Date.parse(start)} ${emoji_type}`;
      counts.set(key, Math.max(counts.get(key) ?? 0, raw_count));
    }
  }
  return counts;
};

const counted = async (room: string): Promise<Map<string, number>> => {
  const { windows } = await aggregate.store.snapshot(room);
  return new Map(
    windows.flatMap(({ start, counts }) => [...counts].map(([emoji, n]) => [`${start} ${emoji}`, n] as const)),
  );
};
const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);

/**
 * Delivers one batch to a child process that ends at the crash point. Returns the offsets of the batch and the signal.
 */
const deliverAndCrash = async (crash: CrashPoint) => {
  const argument: Parameters<typeof aggregateOnce>[0] = { ...target, crash };
  const program = `import { aggregateOnce } from '${MODULE}';
    await aggregateOnce(${JSON.stringify(argument)}, (offsets) => console.log(JSON.stringify(offsets)));`;
  const { child, line } = await run(program);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { offsets: (JSON.parse(line) as string[]).sort(), ended: child.signalCode ?? child.exitCode };
};

/** Delivers one batch without a crash. Returns its offsets. */
const deliver = async () => {
  let read: string[] = [];
  await aggregateOnce(target, (offsets) => (read = offsets));
  return read.sort();
};

const write = (at: number, taps: readonly string[]) =>
  aggregate.records.append(
    REACTION_TOPIC,
    taps.map((emoji_type, n) => {
      const time = new Date(at).toISOString();
      const tap = { user_id: 'u', emoji_type, timestamp: time, received_at: time };
      const identified = n % 2 === 0 ? tap : { ...tap, event_id: randomUUID() };
      return { value: JSON.stringify({ ...identified, room_id: 'crash', count: 1 }) };
    }),
  );

test.each<CrashPoint>(['before the invoke', 'between Redis and publish', 'between publish and commit'])(
  'aggregate killed %s: after the redelivery every tap is counted once and every count is published',
  async (crash) => {
    const at = Date.now();
    const start = windowStart(at, SETTINGS.windowMs);
    await write(at, ['🔥', '🔥', '🔥', '❤️', '👏', '👏', '🔥']);
    const first = await deliverAndCrash(crash);
    expect(first).toMatchObject({ ended: 'SIGKILL' });
    expect(first.offsets).toHaveLength(7);
    expect(sum(await counted('crash'))).toBe(crash === 'before the invoke' ? 0 : 7);
    expect(sum(await published('crash'))).toBe(crash === 'between publish and commit' ? 7 : 0);

    await write(at, ['🔥', '🎉']); // the redelivered batch contains more records
    expect(await deliver()).toEqual(expect.arrayContaining(first.offsets));
    const exact = new Map([
      [`${start} 🔥`, 5],
      [`${start} ❤️`, 1],
      [`${start} 👏`, 2],
      [`${start} 🎉`, 1],
    ]);
    expect(await counted('crash')).toEqual(exact);
    expect(await published('crash')).toEqual(exact);

    expect(await deliver()).toEqual([]); // the offsets are committed
    expect(await counted('crash')).toEqual(exact);
  },
);

test('a clock set forward and back by an hour between batches loses and doubles no tap', async () => {
  const HOUR = 3_600_000;
  const appended: string[] = [];
  const ingest = createIngest({
    auth: openAuthenticator,
    admission: unlimited,
    records: { append: async (_topic, records) => void appended.push(...records.map(({ value }) => value)) },
    clock,
    log: quiet,
    shortCodes: [],
  });
  const post = async () => {
    const tap = { user_id: 'u', emoji_type: '🔥', timestamp: new Date().toISOString(), room_id: 'clock' };
    const events = [tap, tap, { ...tap, event_id: randomUUID() }];
    expect(await ingest(httpEvent({ body: { events } }))).toMatchObject({ statusCode: 200 });
  };
  const batchFrom = (from: number) => kafkaEvent(appended.slice(from), { from });
  const steps = [0, HOUR, 0, -HOUR, HOUR, -HOUR, 0];
  for (const step of steps) {
    clockOffset = step;
    const from = appended.length;
    await post();
    await aggregate.handler(batchFrom(from));
    // The clock is set once more before the batch is redelivered together with a part of the previous one.
    clockOffset = -step;
    await aggregate.handler(batchFrom(Math.max(0, from - 2)));
  }
  const { late, totals } = await aggregate.store.snapshot('clock');
  const windows = await counted('clock');
  // With the clock set forward, taps seem an hour old: they count as late. With the clock set back, taps are from the
  // future: they count in the window of their arrival.
  expect(late).toBe(3 * steps.filter((step) => step === HOUR).length);
  expect(sum(windows) + late).toBe(3 * steps.length);
  expect(sum(totals)).toBe(sum(windows));
  expect(await published('clock')).toEqual(windows);
});

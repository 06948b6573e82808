import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { localEndpoints } from '../../infra/local/endpoints.ts';
import { createKafka } from '../../lib/adapters/kafka/client.ts';
import { loadConfig } from '../../lib/config/variables.ts';
import { PlatformError } from '../../lib/errors.ts';
import { FAULTS } from '../faults/plan.ts';
import type { FaultPlatform } from '../faults/platform.ts';
import { runRound } from '../faults/round.ts';
import { supervisedPlatform } from '../faults/supervised.ts';
import { browserForTests, describeInBrowser } from '../browser/fixture.ts';
import { click, says } from '../browser/pages.ts';
import { createTopic, kafkaFor, openRecords, readTopic } from '../support/kafka.ts';
import { seeded } from '../support/random.ts';
import { quiet } from '../support/services.ts';
import { until } from '../support/until.ts';
import { EMOJIS, startCrowd, sum, summarize, tapFor, type Taps } from './crowd.ts';
import { liveTotals } from './live.ts';
import { isAlive, newDataDir, removeDataDir, startPlatform, type Platform } from './platform.ts';
import { post } from './viewer.ts';

const SEED = 7;
/** The smallest value that the configuration accepts. */
const SETTINGS = { MAX_IN_FLIGHT_RECORDS: '1000' };
/** ACK_TIMEOUT_MS is 5 s; kafkajs by itself would retry for more than half a minute. */
const REFUSED_WITHIN_MS = 20_000;
const dataDir = newDataDir();
let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform(dataDir, SETTINGS);
});
afterAll(async () => {
  await platform?.stop();
  removeDataDir(dataDir);
});

const roomsOf = (name: string) => Array.from({ length: 10 }, (_, n) => `${name}-${n}`);
const keysOf = (rooms: readonly string[]) => rooms.flatMap((room) => EMOJIS.map((emoji) => `${room} ${emoji}`));

/** Checks, by room and emoji, that each tap answered 200 is counted once, and others at most once. */
const expectExact = (taps: Taps, counted: ReadonlyMap<string, number>, rooms: readonly string[]) => {
  const wrong = keysOf(rooms).filter((key) => {
    const answered = taps.answered.get(key) ?? 0;
    const count = counted.get(key) ?? 0;
    return count < answered || count > answered + (taps.unknown.get(key) ?? 0);
  });
  expect(wrong).toEqual([]);
};

const drained = (url: string, taps: Taps, rooms: readonly string[]) =>
  until('every tap answered 200 is counted', async () => {
    const counted = await liveTotals(url, rooms).catch(() => new Map<string, number>());
    return [...taps.answered].every(([key, count]) => (counted.get(key) ?? 0) >= count) && counted;
  });

interface Refusal {
  status: number;
  retryAfter: string | null;
  error: string;
}
const REFUSED = { status: 503, retryAfter: expect.stringMatching(/^[1-9]\d*$/), error: expect.any(String) };
const refusalOf = async (answer: Response): Promise<Refusal> => {
  const { error = '' } = (await answer.json()) as { error?: string };
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), error };
};

const tap = () => ({ user_id: 'u', emoji_type: '🔥', timestamp: new Date().toISOString(), room_id: 'outage' });

const allPids = () => Promise.all((['functions', 'kafka', 'redis'] as const).map((service) => platform.pid(service)));

/** Waits until /health reports these states; its answer may be two seconds old. */
const healthSays = (url: string, states: Record<'broker' | 'redis', string>) =>
  until(`/health says ${JSON.stringify(states)}`, async () => {
    const answer = await fetch(`${url}/health`);
    const { broker, redis } = (await answer.json()) as Record<string, unknown>;
    const isUp = broker === 'up' && redis === 'up';
    return answer.status === (isUp ? 200 : 503) && broker === states.broker && redis === states.redis;
  });

describe('a fault under load, with a fixed seed', () => {
  let faulty: FaultPlatform;
  beforeAll(() => {
    faulty = supervisedPlatform(platform, dataDir);
  });
  afterAll(() => faulty.stop());

  // `npm run test:faults` runs all faults, with a new seed each time.
  test.each(['functions’ process killed (kill -9)', 'Redis killed and its last second lost'])(
    '%s: every tap answered 200 counts once, and every client gets the exact counts',
    async (name) => {
      const n = FAULTS.findIndex((fault) => fault.name === name);
      const fault = FAULTS[n];
      if (!fault) throw new Error(`there is no fault "${name}"`);
      const result = await runRound(faulty, fault, `short-${n}`, seeded(SEED + n)).catch((error: Error) => {
        throw new Error(`${error.message}\n${platform.output()}`, { cause: error });
      });
      expect(result.differences).toEqual([]);
      expect(result.sums.answered).toBeGreaterThan(100);
    },
  );
});

/** Creates a topic with many records and reads it again; `onFirst` is called with the first chunk. */
const readAgain = async (brokers: string) => {
  const RECORDS = 20_000;
  const kafka = createKafka(loadConfig({ KAFKA_BROKERS: brokers }), quiet);
  const topic = await createTopic(kafkaFor(brokers), 1);
  const { log, reader, close } = openRecords(kafka, 60_000);
  await log.append(
    topic,
    Array.from({ length: RECORDS }, (_, n) => ({ value: `${n} ${'x'.repeat(200)}` })),
  );
  const taken: number[] = [];
  return {
    taken,
    expected: Array.from({ length: RECORDS - 3 }, (_, n) => n + 3),
    // A read that fails is resumed at the last offset, as in a recount.
    read: async (onFirst: () => Promise<void>) => {
      let first: Promise<void> | undefined;
      const range = { topicPartition: `${topic}-0`, from: 3, to: RECORDS };
      const attempt = () =>
        reader.read(topic, [{ ...range }], async ({ records, covered, lost }) => {
          expect(lost).toEqual([]);
          taken.push(...records.map(({ offset }) => offset));
          range.from = covered.at(-1)?.to ?? range.from;
          await (first ??= onFirst());
        });
      try {
        await until('all records are read', () =>
          attempt().then(
            () => true,
            (error: unknown) => {
              if (!(error instanceof PlatformError && error.retriable)) throw error;
              return false;
            },
          ),
        );
      } finally {
        await close();
      }
    },
  };
};

test('the broker is killed under load and during a read: 503, then it recovers, and taps and records count once', async () => {
  const rooms = roomsOf('no-broker');
  const [functions, broker] = [await platform.pid('functions'), await platform.pid('kafka')];
  const { read, taken, expected } = await readAgain(localEndpoints(dataDir)?.KAFKA_BROKERS ?? '');
  const crowd = startCrowd(platform.url, { perSecond: 100, rooms, withoutIds: rooms });
  const accepted = (from: number) => crowd.taps.slice(from).filter(({ status }) => status === 200).length;
  await until('taps are accepted', () => accepted(0) > 100);
  await read(async () => {
    process.kill(broker, 'SIGKILL');
    const began = performance.now();
    const refused = await post(`${platform.url}/emoji`, tap());
    expect(performance.now() - began).toBeLessThan(REFUSED_WITHIN_MS);
    // If the supervisor has restarted the broker in time, the tap is answered 200.
    if (refused.status !== 200) expect(await refusalOf(refused)).toMatchObject(REFUSED);
  });
  expect(taken).toEqual(expected);
  const sentUntilNow = crowd.taps.length;
  await until('taps are accepted again', () => accepted(sentUntilNow) > 100);
  const taps = summarize(await crowd.stop());
  expectExact(taps, await drained(platform.url, taps, rooms), rooms);
  await healthSays(platform.url, { broker: 'up', redis: 'up' });
  expect(await platform.pid('functions')).toBe(functions);
});

/** Writes records to a topic with a timeout that is longer than the broker is frozen. */
const patientWriter = async (brokers: string) => {
  const kafka = kafkaFor(brokers);
  const topic = await createTopic(kafka, 4);
  const { log, close } = openRecords(createKafka(loadConfig({ KAFKA_BROKERS: brokers }), quiet), 120_000);
  await log.append(topic, [{ value: '0' }]);
  const values = Array.from({ length: 10 }, (_, n) => `${n}`);
  return {
    values,
    write: () => Promise.all(values.slice(1).map((value) => log.append(topic, [{ value }]))),
    read: async () => {
      await close();
      return (await readTopic(kafka, topic)).map(({ value }) => value);
    },
  };
};

test('the broker is frozen: taps are answered 503 after the timeout, those above the limit at once; waiting records are written once', async () => {
  const broker = await platform.pid('kafka');
  const patient = await patientWriter(localEndpoints(dataDir)?.KAFKA_BROKERS ?? '');
  const answers: Refusal[] = [];
  const send = async (body: unknown) => answers.push(await refusalOf(await post(`${platform.url}/emoji`, body)));
  const batch = { events: Array.from({ length: 500 }, (_, n) => ({ ...tap(), user_id: `frozen-${n}` })) };
  process.kill(broker, 'SIGSTOP');
  const written = patient.write();
  try {
    const began = performance.now();
    const sending = [send(batch), send(batch)]; // as many taps as MAX_IN_FLIGHT_RECORDS
    await until('a tap is above the limit', () => {
      sending.push(send(tap()));
      return answers.some(({ error }) => error.startsWith('Too many taps are being written'));
    });
    expect(answers.length).toBeLessThan(sending.length); // some are not answered yet
    await healthSays(platform.url, { broker: 'down', redis: 'up' });
    await Promise.all(sending);
    expect(performance.now() - began).toBeLessThan(REFUSED_WITHIN_MS);
    for (const answer of answers) expect(answer).toMatchObject(REFUSED);
  } finally {
    process.kill(broker, 'SIGCONT');
  }
  await written;
  expect((await patient.read()).sort()).toEqual(patient.values);
  await until('taps are accepted again', async () => (await post(`${platform.url}/emoji`, tap())).status === 200);
});

describeInBrowser('a page that is open while the broker is frozen', () => {
  const browser = browserForTests();

  test('it says that taps wait, and afterwards they count once', async () => {
    const page = await browser().newPage();
    await page.goto(`${platform.pageUrl}/?room=frozen-page`);
    await says(page, 'Live');
    const broker = await platform.pid('kafka');
    process.kill(broker, 'SIGSTOP');
    try {
      for (let taps = 0; taps < 3; taps++) await click(page, '🔥');
      await says(page, 'Taps wait');
      expect(await page.textContent('#notice')).toMatch(/^The server .*\. 3 taps will be sent later\.$/);
    } finally {
      process.kill(broker, 'SIGCONT');
    }
    await says(page, 'Live');
    await until('the taps are counted', async () =>
      (await liveTotals(platform.url, ['frozen-page'])).has('frozen-page 🔥'),
    );
    expect((await post(`${platform.url}/emoji`, { ...tap(), room_id: 'frozen-page' })).status).toBe(200);
    const total = async () => (await liveTotals(platform.url, ['frozen-page'])).get('frozen-page 🔥') ?? 0;
    await until('a later tap is counted', async () => (await total()) >= 4);
    expect(await total()).toBe(4);
    await page.close();
  });
});

test('Redis is killed: /health names it, taps are still accepted, and all are counted after its restart', async () => {
  const rooms = roomsOf('no-redis');
  process.kill(await platform.pid('redis'), 'SIGKILL');
  await healthSays(platform.url, { broker: 'up', redis: 'down' });
  const taps = await tapFor(platform.url, { ms: 1500, perSecond: 100, rooms });
  expect(sum(taps.answered)).toBeGreaterThan(0);
  expect(sum(taps.unknown)).toBe(0);
  expectExact(taps, await drained(platform.url, taps, rooms), rooms);
});

test('the starter is killed: no process remains, and the next start counts the remaining taps', async () => {
  const rooms = roomsOf('starter');
  const taps = await tapFor(platform.url, { ms: 1000, perSecond: 200, rooms, again: true });
  const pids = await allPids();
  await platform.kill();
  platform = await startPlatform(dataDir, SETTINGS);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(sum(taps.answered)).toBeGreaterThan(0);
  expect(sum(taps.unknown)).toBe(0);
  expectExact(taps, await drained(platform.url, taps, rooms), rooms);
});

test('one Ctrl-C: all processes end in order, with exit code 0', async () => {
  const pids = await allPids();
  const { code, ms } = await platform.stop();
  expect(code).toBe(0);
  expect(ms).toBeLessThan(30_000);
  expect(pids.filter(isAlive)).toEqual([]);
});

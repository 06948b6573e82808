import { beforeEach, expect, test } from '@jest/globals';
import { UPDATE_TOPIC } from '../lib/config/topics.ts';
import type { Frame } from '../lib/domain/frame.ts';
import { registrationSchema } from '../lib/domain/registration.ts';
import { applyTaps } from '../lib/usecases/apply-taps.ts';
import { MemoryCountStore } from '../test/doubles/count-store.ts';
import { MemoryRegistry } from '../test/doubles/registry.ts';
import { RecordedLog, recordedLogger } from '../test/support/doubles.ts';
import { until } from '../test/support/until.ts';
import { tap, tapBatch } from '../test/support/taps.ts';
import { createHandler } from './finalize.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const T = 1_760_000_000_000;
/** Long after the watermark of the window that starts at T. */
const LATER = T + 20_000;

let store: MemoryCountStore;
let records: RecordedLog;
let registry: MemoryRegistry;
let now: number;
let recounts: number;
const log = recordedLogger();
beforeEach(async () => {
  store = new MemoryCountStore(settings);
  records = new RecordedLog();
  registry = new MemoryRegistry({ clusters: 1, subscribersPerCluster: 1, clientTtl: 1 });
  now = LATER;
  recounts = 0;
  log.lines.length = 0;
  const batch = tapBatch([tap(0, { at: T }), tap(1, { at: T, emoji: '❤️', room: 'b' })]);
  await applyTaps(store, batch, { buckets: [0, 1, 2, 3], settings, now: T });
});
const counter = {
  recountLost: async () => {
    recounts++;
    return { recounted: 0, lost: 0 };
  },
};
const handler = () => createHandler({ store, records, registry, counter, clock: () => now, log, settings });
const once = () => handler()({ runMs: 0 });
const finals = () =>
  records
    .values<Frame>(UPDATE_TOPIC)
    .flatMap(({ room_id, windows }) => windows.map(({ counts, final }) => [room_id, counts, final]))
    .sort();

test('a room without further taps gets its final frame once', async () => {
  await once();
  const expected = [
    ['b', { '❤️': 1 }, true],
    ['global', { '🔥': 1 }, true],
  ];
  expect(finals()).toEqual(expected);
  expect(
    records
      .records(UPDATE_TOPIC)
      .map(({ key }) => key)
      .sort(),
  ).toEqual(['b', 'global']);
  await once();
  expect(finals()).toEqual(expected);
});

test('no window is final before the watermark has passed', async () => {
  now = T + 11_999;
  await once();
  expect(records.topics).toEqual([]);
});

test('final counts that could not be published are published later, and the run continues', async () => {
  const error = (records.failure = new Error('down'));
  await once();
  expect(log.lines).toEqual([['error', 'final counts were not published', { error }]]);
  records.failure = undefined;
  await once();
  expect(finals()).toHaveLength(2);
});

test('failures to remove clients or to count again do not prevent final frames', async () => {
  const error = new Error('damaged');
  registry.expire = () => Promise.reject(error);
  const failing = { recountLost: () => Promise.reject(error) };
  const run = createHandler({ store, records, registry, counter: failing, clock: () => now, log, settings });
  await run({ runMs: 0 });
  expect(finals()).toHaveLength(2);
  expect(log.lines).toEqual([
    ['error', 'expired clients were not removed', { error }],
    ['error', 'lost counts were not counted again', { error }],
  ]);
});

test('lost counts are counted again before windows are published as final', async () => {
  store.lose();
  const batch = tapBatch([tap(0, { at: T, count: 3 })]);
  const late = {
    recountLost: async () => {
      await applyTaps(store, batch, { buckets: [0, 1, 2, 3], settings, now, recount: true });
      return { recounted: 1, lost: 0 };
    },
  };
  const run = createHandler({ store, records, registry, counter: late, clock: () => now, log, settings });
  await run({ runMs: 0 });
  now += settings.windowMs;
  await run({ runMs: 0 });
  expect(finals()).toEqual([['global', { '🔥': 3 }, true]]);
});

test('expired clients are removed even if no client registers', async () => {
  await registry.register(registrationSchema.parse({ client_id: 'c', port: 6000 }), T);
  await once();
  expect((await registry.audience(['global'])).size).toBe(0);
});

test('no client expires by a clock that has just been set ahead', async () => {
  const run = createHandler({ store, records, registry, counter, clock: () => now, monotonic: () => 0, log, settings });
  await registry.register(registrationSchema.parse({ client_id: 'c', port: 6000 }), now);
  await run({ runMs: 0 });
  now += 1_800_000;
  await run({ runMs: 0 });
  now -= 1_800_000;
  await run({ runMs: 0 });
  expect((await registry.audience(['global'])).size).toBe(1);
});

test('windows beyond their retention are removed, even if the first attempt fails', async () => {
  const error = new Error('down');
  const trim = store.trim.bind(store);
  store.trim = () => Promise.reject(error);
  await once();
  expect(log.lines).toEqual([['error', 'old windows were not removed', { error }]]);
  store.trim = trim;
  now = T + 86_400_000;
  await once();
  const { windows, totals } = await store.snapshot('global');
  expect({ windows, totals }).toEqual({ windows: [], totals: new Map([['🔥', 1]]) });
});

test('a run repeats its work every second until its time is over', async () => {
  let rounds = 0;
  const counting = { expire: async () => ++rounds };
  const clock = () => LATER + rounds * 1000; // one second per round
  await createHandler({ store, records, registry: counting, counter, clock, log, settings })({ runMs: 2500 });
  expect(rounds).toBe(2);
  expect(recounts).toBe(2);
});

test('a server can end a run before its time', async () => {
  const stopping = new AbortController();
  const run = handler()({ stop: stopping.signal });
  await until('the first steps are done', () => recounts > 0);
  stopping.abort();
  await run;
});

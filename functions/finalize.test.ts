import { beforeEach, expect, test } from '@jest/globals';
import { UPDATE_TOPIC } from '../lib/config/topics.ts';
import { MemoryRegistry } from '../test/doubles/registry.ts';
import { MemoryWindowStore } from '../test/doubles/window-store.ts';
import { countTaps } from '../lib/usecases/count-taps.ts';
import { registrationSchema } from '../lib/domain/registration.ts';
import type { Update } from '../lib/domain/update.ts';
import { RecordedLog, recordedLogger } from '../test/support/doubles.ts';
import { tap } from '../test/support/taps.ts';
import { createHandler } from './finalize.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const T = 1_760_000_000_000;
/** Long after the watermark of the window that starts at T. */
const LATER = T + 20_000;

let windows: MemoryWindowStore;
let records: RecordedLog;
let registry: MemoryRegistry;
let now: number;
const log = recordedLogger();
beforeEach(async () => {
  windows = new MemoryWindowStore(settings);
  records = new RecordedLog();
  registry = new MemoryRegistry({ clusters: 1, subscribersPerCluster: 1, clientTtl: 1 });
  now = LATER;
  log.lines.length = 0;
  await countTaps(await windows.open(), [tap(0, { at: T }), tap(1, { at: T, emoji: '❤️', room: 'b' })], settings, T);
});
const counter = { recountLost: async () => 0 };
const handler = () => createHandler({ windows, records, registry, counter, clock: () => now, log, settings });
const once = () => handler()({ runMs: 0 });
const updates = () => records.values<Update>(UPDATE_TOPIC);

test('a room that has fallen silent gets its final update, once', async () => {
  await once();
  expect(updates().map(({ room_id, raw_count, final }) => [room_id, raw_count, final])).toEqual([
    ['global', 1, true],
    ['b', 1, true],
  ]);
  await once();
  expect(updates()).toHaveLength(2);
});

test('before the watermark nothing is final', async () => {
  now = T + 11_999;
  await once();
  expect(records.topics).toEqual([]);
});

test('a final update that could not be published stays due, and the run goes on', async () => {
  records.failure = new Error('down');
  await once();
  const what = { rooms: ['global', 'b'], failed: 2, error: records.failure };
  expect(log.lines).toEqual([['error', 'final counts were not published', what]]);
  records.failure = undefined;
  await once();
  expect(updates()).toHaveLength(2);
});

test('a room whose final update cannot be published keeps no other’s back; only it stays due', async () => {
  const append = records.append.bind(records);
  const broken = new Error('too large');
  records.append = (topic, outgoing) =>
    outgoing.some(({ key }) => key === 'b') ? Promise.reject(broken) : append(topic, outgoing);
  await once();
  expect(updates().map(({ room_id }) => room_id)).toEqual(['global']);
  expect(log.lines).toEqual([['error', 'final counts were not published', { rooms: ['b'], failed: 1, error: broken }]]);
  records.append = append;
  await once();
  expect(updates().map(({ room_id }) => room_id)).toEqual(['global', 'b']);
});

test('clients that cannot be forgotten keep no final update back', async () => {
  const error = new Error('damaged');
  registry.expire = () => Promise.reject(error);
  await once();
  expect(updates()).toHaveLength(2);
  expect(log.lines).toEqual([['error', 'clients were not forgotten', { error }]]);
});

test('clients whose time is over are forgotten though nobody registers', async () => {
  await registry.register(registrationSchema.parse({ client_id: 'c', port: 6000 }), T);
  await once();
  expect((await registry.audience(['global'])).size).toBe(0);
});

test('a run looks every second until its time is over', async () => {
  let looks = 0;
  const counting = { expire: async () => ++looks };
  await createHandler({
    windows,
    records,
    registry: counting,
    counter,
    clock: () => LATER + looks * 1000, // a look a second
    log,
    settings,
  })({ runMs: 2500 });
  expect(looks).toBe(2);
});

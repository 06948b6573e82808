import { beforeEach, expect, test } from '@jest/globals';
import { UPDATE_TOPIC } from '../infra/topics.js';
import { MemoryRegistry } from '../lib/adapters/memory/registry.ts';
import { MemoryWindowStore } from '../lib/adapters/memory/window-store.ts';
import { countTaps } from '../lib/aggregation.ts';
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
  expect(log.lines).toEqual([['error', 'final counts were not published', { error: records.failure }]]);
  records.failure = undefined;
  await once();
  expect(updates()).toHaveLength(2);
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

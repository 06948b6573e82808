import { beforeEach, expect, test } from '@jest/globals';
import { MemoryCountStore } from '../../test/doubles/count-store.ts';
import { RecordedLog } from '../../test/support/doubles.ts';
import { tap, tapBatch } from '../../test/support/taps.ts';
import { UPDATE_TOPIC } from '../config/topics.ts';
import { frameSchema, type Frame } from '../domain/frame.ts';
import { applyTaps } from './apply-taps.ts';
import { createPublishFinals } from './publish-finals.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const T = 1_760_000_000_000;
const OVER = T + 12_000;
const buckets = [0, 1, 2, 3];

let store: MemoryCountStore;
let records: RecordedLog;
let now: number;
let offset: number;
beforeEach(() => {
  store = new MemoryCountStore(settings);
  records = new RecordedLog();
  now = OVER;
  offset = 0;
});
const publish = () => createPublishFinals({ store, records, clock: () => now, settings })();
const count = (...taps: Parameters<typeof tap>[1][]) =>
  applyTaps(store, tapBatch(taps.map((each) => tap(offset++, { at: T, ...each }))), { buckets, settings, now: T });
const frames = () => records.values<Frame>(UPDATE_TOPIC);

test('the final windows of one room are published in one frame, with the room’s totals', async () => {
  await count({ count: 3 }, { at: T + 2000, emoji: '❤️' }, { at: T + 20_000 });
  now = T + 14_000;
  await publish();
  expect(records.records(UPDATE_TOPIC).map(({ key }) => key)).toEqual(['global']);
  expect(frames().map((each) => frameSchema.parse(each))).toEqual([
    expect.objectContaining({
      windows: [
        { start: new Date(T).toISOString(), final: true, counts: { '🔥': 3 } },
        { start: new Date(T + 2000).toISOString(), final: true, counts: { '❤️': 1 } },
      ],
      totals: { '🔥': 4, '❤️': 1 },
    }),
  ]);
});

test('each window is published as final once, and once more when a tap corrects it', async () => {
  await count({});
  await publish();
  await publish();
  expect(frames()).toHaveLength(1);
  await applyTaps(store, tapBatch([tap(offset++, { at: T })]), { buckets, settings, now });
  now += settings.windowMs;
  await publish();
  expect(frames().map(({ windows }) => windows[0]?.counts)).toEqual([{ '🔥': 1 }, { '🔥': 2 }]);
});

test('a window whose publishing failed is published by the next call', async () => {
  await count({});
  records.failure = new Error('down');
  await expect(publish()).rejects.toThrow('down');
  records.failure = undefined;
  await publish();
  expect(frames()).toHaveLength(1);
});

test('all windows that are over are published, even if the store reports them in portions', async () => {
  await count(...Array.from({ length: 30 }, (_, n) => ({ room: `room-${n % 3}`, at: T - n * 2000 })));
  const overdue = store.overdue.bind(store);
  store.overdue = async (at) => (await overdue(at)).slice(0, 4);
  await publish();
  expect(frames().flatMap(({ windows }) => windows)).toHaveLength(30);
  expect(await overdue(now)).toEqual([]);
});

test('without windows that are over, nothing is published', async () => {
  await publish();
  expect(records.topics).toEqual([]);
});

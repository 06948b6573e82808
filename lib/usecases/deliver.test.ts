import { expect, test } from '@jest/globals';
import { RecordedLog, recordedLogger } from '../../test/support/doubles.ts';
import { frame } from '../../test/support/frames.ts';
import { clusterTopic } from '../config/topics.ts';
import type { Frame } from '../domain/frame.ts';
import type { StreamRecord } from '../domain/stream.ts';
import { createDeliver } from './deliver.ts';

// More tests are in functions/subscriber-fanout.test.ts.

const record = (offset: number, each: Frame, partition = 0): StreamRecord => ({
  ...{ topic: clusterTopic(3), partition, offset, timestamp: 0, isAppendTime: true },
  value: Buffer.from(JSON.stringify(each)),
});

test('records of a partition are merged and delivered to its subscriber, even if mixed with other partitions', async () => {
  const published: [number, number, Frame][] = [];
  const deliver = createDeliver({
    deliveryOf: ({ cluster, subscriber }) => ({
      publish: async (_room, each) => void published.push([cluster, subscriber, each]),
    }),
    records: new RecordedLog(),
    log: recordedLogger(),
  });
  await deliver([record(0, frame(1)), record(0, frame(5), 1), record(1, frame(3)), record(1, frame(4), 1)]);
  expect(published).toEqual([
    [3, 0, frame(3)],
    [3, 1, frame(5)],
  ]);
});

test('a slow room does not delay other rooms', async () => {
  let release = () => {};
  const slow = new Promise<void>((resolve) => (release = resolve));
  const done: string[] = [];
  const deliver = createDeliver({
    deliveryOf: () => ({
      publish: async (room) => {
        if (room === 'slow') await slow;
        else if (done.push(room) === 2) release();
      },
    }),
    records: new RecordedLog(),
    log: recordedLogger(),
  });
  await deliver(['slow', 'a', 'b'].map((room, n) => record(n, frame(1, { room }))));
  expect(done).toEqual(['a', 'b']);
});

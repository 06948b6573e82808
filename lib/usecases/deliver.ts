import { clusterOf } from '../config/topics.ts';
import { mergeByRoom } from '../domain/frame.ts';
import { groupBy } from '../domain/group-by.ts';
import type { SubscriberRef } from '../domain/registration.ts';
import { topicPartition, type StreamRecord } from '../domain/stream.ts';
import type { Logger } from '../log.ts';
import type { Delivery, RecordLog } from '../ports.ts';
import { forEachRoom } from './for-each-room.ts';
import { readFrames } from './read-frames.ts';

interface Deps {
  deliveryOf: (subscriber: SubscriberRef) => Delivery;
  records: RecordLog;
  log: Logger;
}

/**
 * Delivers the frames in partition n of a cluster's topic to the clients of subscriber n, merged per room and batch.
 */
export const createDeliver =
  ({ deliveryOf, records, log }: Deps) =>
  async (batch: readonly StreamRecord[]): Promise<void> => {
    const decoded = await readFrames({ records, log }, batch);
    const deliveries = [
      ...groupBy(decoded, ({ record }) => topicPartition(record.topic, record.partition)).values(),
    ].flatMap((ofPartition) => {
      const { topic = '', partition: subscriber = 0 } = ofPartition[0]?.record ?? {};
      const target = { cluster: clusterOf(topic), subscriber };
      const delivery = deliveryOf(target);
      return [...mergeByRoom(ofPartition.map(({ value }) => value))].map(([room, frame]) => ({
        ...{ room, target, delivery, frame },
      }));
    });
    await forEachRoom(deliveries, ({ room, delivery, frame }) => delivery.publish(room, frame), {
      log,
      fieldsOf: ({ room, target }) => ({ room, ...target }),
    });
  };

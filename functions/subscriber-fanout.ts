import type { MSKEvent } from 'aws-lambda';
import { clusterOf } from '../lib/config/topics.ts';
import { decodeEvent } from '../lib/adapters/kafka/event.ts';
import { setAside } from '../lib/usecases/dead-letters.ts';
import { deps } from '../lib/deps.ts';
import type { SubscriberRef } from '../lib/domain/registration.ts';
import { mergeByRoom, updateSchema, type Update } from '../lib/domain/update.ts';
import { forEachRoom } from '../lib/usecases/for-each-room.ts';
import type { Logger } from '../lib/log.ts';
import type { Delivery, RecordLog } from '../lib/ports.ts';

interface Deps {
  deliveryOf: (subscriber: SubscriberRef) => Delivery;
  records: RecordLog;
  log: Logger;
  windowMs: number;
}

/** Kafka `cluster_{id}_emoji`: partition n holds what subscriber n tells its clients. One frame a room and batch. */
export const createHandler =
  ({ deliveryOf, records, log, windowMs }: Deps) =>
  async (event: Pick<MSKEvent, 'records'>): Promise<void> => {
    const { records: decoded, unreadable } = decodeEvent(event, updateSchema);
    await setAside(records, log, unreadable);
    const subscribers = new Map<string, { subscriber: SubscriberRef; updates: Update[] }>();
    for (const { topic, partition, partitionNumber, value } of decoded) {
      const entry = subscribers.get(partition) ?? {
        subscriber: { cluster: clusterOf(topic), subscriber: partitionNumber },
        updates: [],
      };
      entry.updates.push(value);
      subscribers.set(partition, entry);
    }
    const frames = [...subscribers.values()].flatMap(({ subscriber, updates: all }) => {
      const delivery = deliveryOf(subscriber);
      return [...mergeByRoom(all)].map(([room, merged]) => ({
        ...{ room, subscriber, delivery },
        frame: { windowMs, updates: [...merged.values()] },
      }));
    });
    await forEachRoom(frames, ({ room, delivery, frame }) => delivery.publish(room, frame), {
      log,
      fieldsOf: ({ room, subscriber }) => ({ room, ...subscriber }),
    });
  };

export const handler = createHandler({
  deliveryOf: (subscriber) => deps.delivery.of(subscriber),
  records: deps.records,
  log: deps.log.child('subscriber-fanout'),
  windowMs: deps.windowSettings.windowMs,
});

import { setTimeout as sleep } from 'node:timers/promises';
import { clusterTopic } from '../config/topics.ts';
import { mergeByRoom } from '../domain/frame.ts';
import { groupBy } from '../domain/group-by.ts';
import type { SubscriberRef } from '../domain/registration.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { Logger } from '../log.ts';
import type { OutgoingRecord, Pacer, RecordLog, Registry } from '../ports.ts';
import { appendAll } from './append-all.ts';
import { forEachRoom, isRetriable } from './for-each-room.ts';
import { readFrames } from './read-frames.ts';

interface Deps {
  registry: Pick<Registry, 'audience'>;
  pacer: Pacer;
  records: RecordLog;
  log: Logger;
}

type Outgoing = OutgoingRecord & { key: string; partition: number };

/**
 * Merges the frames of each room and sends the result to every subscriber with viewers of the room, at most once a second
 * per room. The batch waits until each of its rooms may send; frames that arrive meanwhile stay in the topic and are
 * merged into the next batch.
 */
export const createFanOut = ({ registry, pacer, records, log }: Deps) => {
  /** When an append fails permanently, each record is appended alone: a missing partition must not affect the others. */
  const append = async (topic: string, outgoing: readonly Outgoing[]) => {
    try {
      await appendAll(records, topic, outgoing);
    } catch (error) {
      if (isRetriable(error)) throw error;
      const fieldsOf = ({ key, partition }: Outgoing) => ({ room: key, topic, subscriber: partition });
      await forEachRoom(outgoing, (each) => records.append(topic, [each]), { log, fieldsOf });
    }
  };

  const send = async (values: ReadonlyMap<string, string>, audience: ReadonlyMap<string, readonly SubscriberRef[]>) => {
    const outgoing = [...values].flatMap(([key, value]) =>
      (audience.get(key) ?? []).map(({ cluster, subscriber }) => ({ cluster, key, value, partition: subscriber })),
    );
    await Promise.all(
      [...groupBy(outgoing, ({ cluster }) => cluster)].map(([cluster, all]) =>
        append(
          clusterTopic(cluster),
          all.map(({ key, value, partition }) => ({ key, value, partition })),
        ),
      ),
    );
  };

  return async (batch: readonly StreamRecord[]): Promise<void> => {
    const frames = mergeByRoom((await readFrames({ records, log }, batch)).map(({ value }) => value));
    const audience = await registry.audience([...frames.keys()]);
    const waiting = new Map(
      [...frames].flatMap(([room, frame]) => (audience.has(room) ? [[room, JSON.stringify(frame)] as const] : [])),
    );
    while (waiting.size > 0) {
      const waits = await pacer.claim([...waiting.keys()]);
      const due = new Map([...waiting].filter(([room]) => waits.get(room) === 0));
      await send(due, audience);
      for (const room of due.keys()) waiting.delete(room);
      if (waiting.size > 0) await sleep(Math.min(...[...waiting.keys()].map((room) => waits.get(room) ?? 0)));
    }
  };
};

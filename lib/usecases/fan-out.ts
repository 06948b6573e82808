import { setTimeout as sleep } from 'node:timers/promises';
import { clusterTopic } from '../config/topics.ts';
import { mergeByRoom, type Frame } from '../domain/frame.ts';
import { groupBy } from '../domain/group-by.ts';
import type { SubscriberRef } from '../domain/registration.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { Logger } from '../log.ts';
import type { Delivery, OutgoingRecord, Pacer, RecordLog, Registry } from '../ports.ts';
import { appendAll } from './append-all.ts';
import { forEachRoom, isRetriable } from './for-each-room.ts';
import { readFrames } from './read-frames.ts';

interface Deps {
  registry: Pick<Registry, 'audience'>;
  pacer: Pacer;
  records: RecordLog;
  /** Services that know their viewers themselves: they get each room's frame once, however many viewers it has. */
  tiers?: readonly Delivery[];
  log: Logger;
}

type Outgoing = OutgoingRecord & { key: string; partition: number };

/**
 * Merges the frames of each room and sends the result to every subscriber with viewers of the room, at most once a second
 * per room. The batch waits until each of its rooms may send; frames that arrive meanwhile stay in the topic and are
 * merged into the next batch.
 */
export const createFanOut = ({ registry, pacer, records, tiers = [], log }: Deps) => {
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

  /** A tier that fails must not delay the others. The room's next frame has all counts. */
  const publish = (frames: ReadonlyMap<string, Frame>) =>
    Promise.all(
      [...frames].flatMap(([room, frame]) =>
        tiers.map((tier) =>
          tier.publish(room, frame).catch((error: unknown) => log.error('frame was not published', { room, error })),
        ),
      ),
    );

  const send = async (frames: ReadonlyMap<string, Frame>, audience: ReadonlyMap<string, readonly SubscriberRef[]>) => {
    const outgoing = [...frames].flatMap(([key, frame]) => {
      const value = JSON.stringify(frame);
      return (audience.get(key) ?? []).map(({ cluster, subscriber }) => ({
        cluster,
        key,
        value,
        partition: subscriber,
      }));
    });
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
    const waiting = new Map([...frames].filter(([room]) => audience.has(room) || tiers.length > 0));
    while (waiting.size > 0) {
      const waits = await pacer.claim([...waiting.keys()]);
      const due = new Map([...waiting].filter(([room]) => waits.get(room) === 0));
      await Promise.all([send(due, audience), publish(due)]);
      for (const room of due.keys()) waiting.delete(room);
      if (waiting.size > 0) await sleep(Math.min(...[...waiting.keys()].map((room) => waits.get(room) ?? 0)));
    }
  };
};

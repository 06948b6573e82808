import { setTimeout as sleep } from 'node:timers/promises';
import type { MSKEvent } from 'aws-lambda';
import { clusterTopic } from '../lib/config/topics.ts';
import { decodeEvent } from '../lib/adapters/kafka/event.ts';
import { setAside } from '../lib/usecases/dead-letters.ts';
import { deps } from '../lib/deps.ts';
import { mergeByRoom, updateSchema, type Update } from '../lib/domain/update.ts';
import { groupBy } from '../lib/domain/group-by.ts';
import { forEachRoom, mayPass } from '../lib/usecases/for-each-room.ts';
import type { Logger } from '../lib/log.ts';
import type { Pacer, RecordLog, Registry } from '../lib/ports.ts';

interface Deps {
  registry: Pick<Registry, 'audience'>;
  pacer: Pacer;
  records: RecordLog;
  log: Logger;
}

interface Outgoing {
  key: string;
  partition: number;
  value: string;
}

/**
 * Kafka `main_emoji_topic`: merges what a room's windows have become and passes it on to every subscriber that has
 * viewers of the room, at most once a second for each room. A room whose turn has not come is held until it has:
 * updates that arrive meanwhile wait in the topic and are merged into the next batch, so nobody waits longer for it.
 */
export const createHandler = ({ registry, pacer, records, log }: Deps) => {
  /** One by one when a topic can't take them all: a room whose subscriber has no partition must not cost the others. */
  const append = async (topic: string, outgoing: readonly Outgoing[]) => {
    try {
      await records.append(topic, outgoing);
    } catch (error) {
      if (mayPass(error)) throw error;
      const targets = groupBy(outgoing, ({ key, partition }) => `${partition} ${key}`);
      const fieldsOf = ([target]: Outgoing[]) => ({ room: target?.key ?? '', topic, subscriber: target?.partition });
      await forEachRoom(targets.values(), (each) => records.append(topic, each), { log, fieldsOf });
    }
  };

  const send = async (rooms: readonly string[], updates: ReadonlyMap<string, ReadonlyMap<string, Update>>) => {
    const audience = await registry.audience(rooms);
    const byTopic = new Map<string, Outgoing[]>();
    for (const [room, subscribers] of audience) {
      const values = [...(updates.get(room)?.values() ?? [])].map((update) => JSON.stringify(update));
      for (const { cluster, subscriber } of subscribers) {
        const topic = clusterTopic(cluster);
        const outgoing = values.map((value) => ({ key: room, partition: subscriber, value }));
        byTopic.set(topic, (byTopic.get(topic) ?? []).concat(outgoing));
      }
    }
    await Promise.all([...byTopic].map(([topic, outgoing]) => append(topic, outgoing)));
  };

  return async (event: Pick<MSKEvent, 'records'>): Promise<void> => {
    const { records: decoded, unreadable } = decodeEvent(event, updateSchema);
    await setAside(records, log, unreadable);
    const updates = mergeByRoom(decoded.map(({ value }) => value));
    const audience = await registry.audience([...updates.keys()]);
    for (let waiting = [...audience.keys()]; waiting.length > 0;) {
      const waits = await pacer.claim(waiting);
      await send(
        waiting.filter((room) => waits.get(room) === 0),
        updates,
      );
      waiting = waiting.filter((room) => waits.get(room) !== 0);
      if (waiting.length > 0) await sleep(Math.min(...waiting.map((room) => waits.get(room) ?? 0)));
    }
  };
};

export const handler = createHandler({
  registry: deps.registry,
  pacer: deps.pacer,
  records: deps.records,
  log: deps.log.child('cluster-fanout'),
});

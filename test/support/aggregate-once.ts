import { createHandler } from '../../functions/aggregate.ts';
import { REACTION_TOPIC, UPDATE_TOPIC } from '../../infra/topics.js';
import { createKafka } from '../../lib/adapters/kafka/client.ts';
import { KafkaRecordLog } from '../../lib/adapters/kafka/record-log.ts';
import { createRedis } from '../../lib/adapters/redis/client.ts';
import { RedisWindowStore } from '../../lib/adapters/redis/window-store.ts';
import { loadConfig } from '../../lib/config.ts';
import type { RecordLog } from '../../lib/ports.ts';
import { kafkaEvent } from './events.ts';
import { kafkaFor, readTopic, withAdmin } from './kafka.ts';
import { quiet } from './services.ts';

export const SETTINGS = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const GROUP = 'aggregate-once';

export type CrashPoint = 'before the invoke' | 'between Redis and publish' | 'between publish and commit' | 'never';

/** What stands before the names of the platform's topics, so that they are only this test's. */
export interface Once {
  brokers: string;
  redisUrl: string;
  prefix: string;
  crash: CrashPoint;
}

/** The end of a process that nobody is told of. */
const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
};

export const aggregateWith = async ({ brokers, redisUrl, prefix }: Once, beforePublish?: () => Promise<never>) => {
  const log = new KafkaRecordLog(createKafka(loadConfig({ KAFKA_BROKERS: brokers }), quiet), {
    ackTimeoutMs: 5000,
    log: quiet,
  });
  const redis = createRedis(redisUrl, quiet);
  const records: RecordLog = {
    async append(topic, outgoing) {
      if (topic === UPDATE_TOPIC) await beforePublish?.();
      await log.append(prefix + topic, outgoing);
    },
  };
  const windows = new RedisWindowStore(redis, { ...SETTINGS, windowTtl: 86_400, roomTtl: 86_400 });
  return { log, redis, records, windows };
};

/**
 * The mapping of `emoji_topic` for one batch: reads what has not been committed, invokes aggregate, commits. Prints the
 * offsets that it has read. With a crash point the process ends there.
 */
export async function aggregateOnce(once: Once): Promise<void> {
  const topic = once.prefix + REACTION_TOPIC;
  const kafka = kafkaFor(once.brokers);
  const committed = await withAdmin(kafka, (admin) => admin.fetchOffsets({ groupId: GROUP, topics: [topic] }));
  const from = new Map(committed[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  const all = await readTopic(kafka, topic);
  const batch = all.filter(({ partition, offset }) => offset >= (from.get(partition) ?? 0));
  const partitions = [...new Set(batch.map(({ partition }) => partition))];
  const inPartition = (wanted: number) => batch.filter(({ partition }) => partition === wanted);
  console.log(JSON.stringify(batch.map(({ partition, offset }) => `${partition}/${offset}`)));
  if (batch.length === 0) return;
  const records = Object.assign(
    {},
    ...partitions.map(
      (partition) =>
        kafkaEvent(
          inPartition(partition).map(({ value }) => value),
          { topic: REACTION_TOPIC, partition, from: inPartition(partition)[0]?.offset ?? 0 },
        ).records,
    ),
  ) as ReturnType<typeof kafkaEvent>['records'];

  if (once.crash === 'before the invoke') await die();
  const beforePublish = once.crash === 'between Redis and publish' ? die : undefined;
  const { log, redis, ...ports } = await aggregateWith(once, beforePublish);
  const handler = createHandler({ ...ports, clock: Date.now, log: quiet, settings: SETTINGS, shortCodes: [] });
  await handler({ records });
  if (once.crash === 'between publish and commit') await die();
  await withAdmin(kafka, (admin) =>
    admin.setOffsets({
      groupId: GROUP,
      topic,
      partitions: partitions.map((partition) => ({
        partition,
        offset: String((inPartition(partition).at(-1)?.offset ?? 0) + 1),
      })),
    }),
  );
  await log.close();
  redis.disconnect();
}

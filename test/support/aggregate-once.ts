import { createHandler } from '../../functions/aggregate.ts';
import { REACTION_TOPIC, UPDATE_TOPIC } from '../../lib/config/topics.ts';
import { createKafka } from '../../lib/adapters/kafka/client.ts';
import { createRedis } from '../../lib/adapters/redis/client.ts';
import { RedisCountStore } from '../../lib/adapters/redis/count-store.ts';
import { loadConfig } from '../../lib/config/variables.ts';
import { createCounter } from '../../lib/usecases/count-taps.ts';
import type { Clock, RecordLog } from '../../lib/ports.ts';
import { kafkaEvent } from './events.ts';
import { commitOffsets, kafkaFor, openRecords, readTopic, withAdmin } from './kafka.ts';
import { prefixedReader } from './prefixed.ts';
import { quiet, STORE } from './services.ts';

export const SETTINGS = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
const GROUP = 'aggregate-once';

export type CrashPoint = 'before the invoke' | 'between Redis and publish' | 'between publish and commit' | 'never';

export interface Once {
  brokers: string;
  redisUrl: string;
  /** The prefix of the platform's topics that makes them unique to this test. */
  prefix: string;
  crash: CrashPoint;
}

/** Kills this process without any cleanup. */
const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
};

interface Injected {
  beforePublish?: (() => Promise<never>) | undefined;
  clock?: Clock;
}

/** Aggregate with its real adapters, which a test can use, too. */
export const aggregateWith = (
  { brokers, redisUrl, prefix }: Once,
  { beforePublish, clock = Date.now }: Injected = {},
) => {
  const kafka = createKafka(loadConfig({ KAFKA_BROKERS: brokers }), quiet);
  const { log, reader, close } = openRecords(kafka);
  const redis = createRedis(redisUrl, quiet);
  const records: RecordLog = {
    async append(topic, outgoing) {
      if (topic === UPDATE_TOPIC) await beforePublish?.();
      await log.append(prefix + topic, outgoing);
    },
  };
  const store = new RedisCountStore(redis, { ...SETTINGS, ...STORE });
  const ports = { store, records, reader: prefixedReader(reader, prefix), clock };
  const counter = createCounter({ ...ports, log: quiet, settings: SETTINGS, shortCodes: [] });
  return {
    handler: createHandler({ counter }),
    store,
    counter,
    records,
    redis,
    close: async () => {
      await close();
      redis.disconnect();
    },
  };
};

/**
 * Acts as the event source mapping of `emoji_topic` for one batch: reads from the committed offsets, invokes aggregate,
 * commits. With a crash point the process ends there.
 * @param begun receives the offsets that were read
 */
export async function aggregateOnce(once: Once, begun: (offsets: string[]) => void): Promise<void> {
  const topic = once.prefix + REACTION_TOPIC;
  const kafka = kafkaFor(once.brokers);
  const committed = await withAdmin(kafka, (admin) => admin.fetchOffsets({ groupId: GROUP, topics: [topic] }));
  const from = new Map(committed[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  const all = await readTopic(kafka, topic);
  const batch = all.filter(({ partition, offset }) => offset >= (from.get(partition) ?? 0));
  const partitions = [...new Set(batch.map(({ partition }) => partition))];
  const inPartition = (wanted: number) => batch.filter(({ partition }) => partition === wanted);
  begun(batch.map(({ partition, offset }) => `${partition}/${offset}`));
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
  const aggregate = aggregateWith(once, { beforePublish });
  await aggregate.handler({ records });
  if (once.crash === 'between publish and commit') await die();
  await commitOffsets(
    kafka,
    GROUP,
    topic,
    partitions.map((partition) => ({
      partition,
      offset: String((inPartition(partition).at(-1)?.offset ?? 0) + 1),
    })),
  );
  await aggregate.close();
}

import { recordsOf, type KafkaEvent } from '../lib/adapters/kafka/event.ts';
import { deps } from '../lib/deps.ts';
import { createFanOut } from '../lib/usecases/fan-out.ts';

/** Kafka `main_emoji_topic`: sends each room's frame to the subscribers that have viewers of the room. */
export const createHandler = (ports: Parameters<typeof createFanOut>[0]) => {
  const fanOut = createFanOut(ports);
  return (event: KafkaEvent): Promise<void> => fanOut(recordsOf(event));
};

export const handler = createHandler({
  registry: deps.registry,
  pacer: deps.pacer,
  records: deps.records,
  log: deps.log.child('cluster-fanout'),
});

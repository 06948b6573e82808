import { recordsOf, type KafkaEvent } from '../lib/adapters/kafka/event.ts';
import { deps } from '../lib/deps.ts';
import { createDeliver } from '../lib/usecases/deliver.ts';

/** Kafka `cluster_{id}_emoji`: delivers the frames of partition n to the clients of subscriber n. */
export const createHandler = (ports: Parameters<typeof createDeliver>[0]) => {
  const deliver = createDeliver(ports);
  return (event: KafkaEvent): Promise<void> => deliver(recordsOf(event));
};

export const handler = createHandler({
  deliveryOf: deps.deliveryOf,
  records: deps.records,
  log: deps.log.child('subscriber-fanout'),
});

import { recordsOf, type KafkaEvent } from '../lib/adapters/kafka/event.ts';
import { deps } from '../lib/deps.ts';
import type { Counter } from '../lib/usecases/count-taps.ts';

interface Deps {
  counter: Pick<Counter, 'count'>;
}

/** Kafka `emoji_topic`: counts each tap of the batch once and publishes the counts of its rooms. */
export const createHandler =
  ({ counter }: Deps) =>
  (event: KafkaEvent): Promise<void> =>
    counter.count(recordsOf(event));

export const handler = createHandler({ counter: deps.counter('aggregate') });

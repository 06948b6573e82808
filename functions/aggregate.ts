import type { MSKEvent } from 'aws-lambda';
import type { Counter } from '../lib/usecases/count-taps.ts';
import { deps } from '../lib/deps.ts';

interface Deps {
  counter: Pick<Counter, 'count'>;
}

/** Kafka `emoji_topic`: counts the batch's taps, each once, and publishes the totals of the windows they touch. */
export const createHandler =
  ({ counter }: Deps) =>
  (event: Pick<MSKEvent, 'records'>): Promise<void> =>
    counter.count(event);

export const handler = createHandler({ counter: deps.counter('aggregate') });

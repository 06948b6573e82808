import { REACTION_TOPIC } from '../../lib/config/topics.ts';
import { sendCopies } from '../e2e/crowd.ts';
import { kafkaFor, withAdmin } from '../support/kafka.ts';
import { until } from '../support/until.ts';
import type { Fault } from './fault.ts';

/** Ingest asks for the number of partitions once a minute. */
const IN_USE_MS = 100_000;
/** How many taps are sent again when the new partition is in use. */
const COPIES = 200;

/**
 * The fault lasts until the new partition has records: a minute. Then copies of earlier taps are sent: those whose user
 * belongs to the new partition now count again, see docs/reliability.md.
 */
export const partitionAdded: Fault = {
  name: 'partition added to emoji_topic',
  on: 'single',
  share: 1,
  async run({ platform, crowd, heals }) {
    await withAdmin(kafkaFor(platform.kafkaBrokers), async (admin) => {
      const partitions = () => admin.fetchTopicOffsets(REACTION_TOPIC);
      const count = (await partitions()).length + 1;
      await admin.createPartitions({ topicPartitions: [{ topic: REACTION_TOPIC, count }] });
      await until(
        'taps are in the new partition',
        async () => (await partitions()).some(({ partition, high }) => partition === count - 1 && Number(high) > 0),
        IN_USE_MS,
      );
    });
    await sendCopies(platform.url, crowd.taps, COPIES);
    heals();
  },
};

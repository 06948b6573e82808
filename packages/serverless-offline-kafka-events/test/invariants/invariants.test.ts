import { describe, test } from '@jest/globals';
import { useRigs } from '../rigs.ts';
import { surviveKills } from './kills.ts';
import { drainTopics } from './volume.ts';

const { kafka } = useRigs();

describe('invariants', () => {
  test('K-21 K-25 K-75 a killed poller loses nothing, keeps the order, and commits nothing before success', async () => {
    await surviveKills(kafka, 1, 400);
  });

  test('K-20 K-21 K-22 every record of several topics is delivered once and in order', async () => {
    await drainTopics(kafka, { topics: 3, partitions: 4, records: 2_000 });
  });
});

import { describe, test } from '@jest/globals';
import { useRigs } from '../rigs.ts';
import { surviveKills } from './kills.ts';
import { drainTopics } from './volume.ts';

const { kafka } = useRigs();

describe('a mapping', () => {
  test('K-21 K-25 K-75 that is killed loses no record, keeps the order, and commits only after success', async () => {
    await surviveKills(kafka, 1, 400);
  });

  test('K-20 K-21 K-22 delivers every record once and in order, for each of several topics', async () => {
    await drainTopics(kafka, { topics: 3, partitions: 4, records: 2_000 });
  });
});

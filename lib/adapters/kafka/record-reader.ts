import { RecordsError, type KafkaRecord } from 'kafka-records';
import { OffsetsMissing, readRanges } from 'kafka-records/ranges';
import type { Admin, Kafka } from 'kafkajs';
import { partitionOf, topicPartition, type OffsetRange, type StreamRecord } from '../../domain/stream.ts';
import { PlatformError } from '../../errors.ts';
import type { RecordReader, StreamChunk } from '../../ports.ts';
import type { KafkaAdmin } from './admin.ts';

/** Retention may remove records that are about to be read, but not repeatedly. */
const ATTEMPTS = 5;

/**
 * Reads Kafka topics without a consumer group, so it does not move those of the event source mappings. It reads the
 * same records as they do, with any compression codec and with transactions.
 */
export class KafkaRecordReader implements RecordReader {
  readonly #kafka: Kafka;
  readonly #admin: KafkaAdmin;

  constructor(kafka: Kafka, admin: KafkaAdmin) {
    this.#kafka = kafka;
    this.#admin = admin;
  }

  read(topic: string, ranges: readonly OffsetRange[], take: (chunk: StreamChunk) => Promise<void>): Promise<void> {
    return withBroker(async () => {
      let rest = ranges;
      for (let attempt = 1; ; attempt++) {
        const { lost, held } = await this.#retained(topic, rest);
        if (lost.length > 0) await take({ records: [], covered: lost, lost });
        try {
          await this.#readHeld(topic, held, take);
          return;
        } catch (error) {
          if (!(error instanceof OffsetsMissing) || attempt === ATTEMPTS) throw error;
          rest = [...held].map(([partition, range]) => ({
            topicPartition: topicPartition(topic, partition),
            ...range,
          }));
        }
      }
    });
  }

  committed(groupId: string, topic: string): Promise<Map<string, number>> {
    return this.#ask(async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return new Map(
        (found?.partitions ?? []).flatMap(({ partition, offset }) =>
          Number(offset) < 0 ? [] : [[`${topic}-${partition}`, Number(offset)]],
        ),
      );
    });
  }

  ends(topic: string): Promise<Map<string, number>> {
    return this.#ask(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic);
      return new Map(offsets.map(({ partition, high }) => [topicPartition(topic, partition), Number(high)]));
    });
  }

  /** @param held the ranges to read, by partition; ranges that have been read are removed */
  #readHeld(
    topic: string,
    held: Map<number, { from: number; to: number }>,
    take: (chunk: StreamChunk) => Promise<void>,
  ): Promise<void> {
    const ranges = [...held].map(([partition, range]) => ({ partition, ...range }));
    return readRanges(this.#kafka, topic, ranges, async ({ partition, records, next }) => {
      const range = held.get(partition);
      if (!range) return;
      const covered = { topicPartition: topicPartition(topic, partition), from: range.from, to: next };
      await take({ records: records.map((record) => toRecord(topic, record)), covered: [covered], lost: [] });
      range.from = next;
      if (range.from >= range.to) held.delete(partition);
    });
  }

  /** Divides ranges into those that the topic still has (`held`, by partition number) and those it has not (`lost`). */
  async #retained(topic: string, ranges: readonly OffsetRange[]) {
    const offsets = await this.#ask((admin) => admin.fetchTopicOffsets(topic));
    const ends = new Map(
      offsets.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]),
    );
    const lost: OffsetRange[] = [];
    const held = new Map<number, { from: number; to: number }>();
    for (const { topicPartition: name, from, to } of ranges) {
      const end = ends.get(partitionOf(name)) ?? { low: to, high: to };
      // A new leader may report a lower end offset for a moment: nothing is lost then.
      if (end.high < to) throw new PlatformError('broker_unavailable', `${name} ends at ${end.high}, before ${to}`);
      const low = Math.min(Math.max(end.low, from), to);
      if (from < low) lost.push({ topicPartition: name, from, to: low });
      if (low < to) held.set(partitionOf(name), { from: low, to });
    }
    return { lost, held };
  }

  #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    return withBroker(() => this.#admin.ask(question));
  }
}

const toRecord = (
  topic: string,
  { partition, offset, timestamp, timestampType, key, value }: KafkaRecord,
): StreamRecord => ({
  ...{ topic, partition, offset, timestamp, isAppendTime: timestampType === 'LOG_APPEND_TIME' },
  ...(key ? { key } : {}),
  ...(value ? { value } : {}),
});

const withBroker = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof RecordsError)
      throw new PlatformError('broker_unavailable', `The records cannot be read: ${cause.message}`, { cause });
    if (cause instanceof Error && cause.name.startsWith('KafkaJS'))
      throw new PlatformError('broker_unavailable', `A request to the broker failed: ${cause.message}`, { cause });
    throw cause;
  }
};

import { randomUUID } from 'node:crypto';
import type { MSKEvent, MSKRecord } from 'aws-lambda';
import { type EachBatchPayload, type Kafka, type Admin } from 'kafkajs';
import type { Range } from '../../domain/progress.ts';
import { PlatformError } from '../../errors.ts';
import type { RecordReader } from '../../ports.ts';
import { PartitionCounts } from './partition-counts.ts';

/** A read that brings nothing for this long (ms) has failed. */
const STALLED_MS = 20_000;

const numberOf = (partition: string): number => Number(partition.slice(partition.lastIndexOf('-') + 1));

/** The stream on Kafka, read beside the event source mappings: nothing that this does moves their consumer groups. */
export class KafkaRecordReader implements RecordReader {
  readonly #kafka: Kafka;
  readonly #counts = new PartitionCounts((topic) =>
    this.#ask(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length ?? 0;
    }),
  );
  #admin: Promise<Admin> | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  read(
    topic: string,
    ranges: readonly Range[],
    take: (chunk: Pick<MSKEvent, 'records'>) => Promise<void>,
  ): Promise<void> {
    return withBroker(async () => {
      const missing = await this.#retained(topic, ranges);
      if (missing.size === 0) return;
      // A group of its own that commits nothing, and is gone when it has left.
      const consumer = this.#kafka.consumer({ groupId: `recount-${randomUUID()}`, allowAutoTopicCreation: false });
      let stalled: NodeJS.Timeout | undefined;
      try {
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        await new Promise<void>((resolve, reject) => {
          stalled = setTimeout(
            () => reject(new PlatformError('broker_unavailable', 'The broker does not bring what it holds')),
            STALLED_MS,
          );
          const eachBatch = async ({ batch, pause }: EachBatchPayload) => {
            stalled?.refresh();
            const wanted = missing.get(batch.partition);
            if (!wanted) return void pause();
            const records = batch.messages
              .map((message) => toRecord(topic, batch.partition, message))
              .filter(({ offset }) => offset >= wanted.from && offset < wanted.to);
            if (records.length > 0) await take({ records: { [`${topic}-${batch.partition}`]: records } });
            wanted.from = Math.max(wanted.from, Number(batch.lastOffset()) + 1);
            if (wanted.from < wanted.to) return;
            pause();
            missing.delete(batch.partition);
            if (missing.size === 0) resolve();
          };
          // With each join, because what kafkajs was told before is forgotten when it starts again.
          consumer.on(consumer.events.GROUP_JOIN, () => {
            for (const [partition, { from }] of missing) consumer.seek({ topic, partition, offset: String(from) });
          });
          consumer.on(consumer.events.CRASH, ({ payload }) => {
            if (!payload.restart) reject(payload.error);
          });
          // What `take` throws is for our caller; to the consumer a batch that failed would be one to fetch again.
          const run = { autoCommit: false, eachBatch: (payload: EachBatchPayload) => eachBatch(payload).catch(reject) };
          consumer.run(run).catch(reject);
        });
      } finally {
        clearTimeout(stalled);
        await consumer.disconnect();
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

  partitions(topic: string): Promise<number> {
    return this.#counts.of(topic);
  }

  async close(): Promise<void> {
    const opened = this.#admin;
    this.#admin = undefined;
    await (await opened)?.disconnect();
  }

  /** What of the ranges the topic still holds, by partition number. */
  async #retained(topic: string, ranges: readonly Range[]): Promise<Map<number, { from: number; to: number }>> {
    const held = new Map(
      (await this.#ask((admin) => admin.fetchTopicOffsets(topic))).map(({ partition, low, high }) => [
        partition,
        { low: Number(low), high: Number(high) },
      ]),
    );
    return new Map(
      ranges.flatMap(({ partition, from, to }) => {
        const { low = 0, high = 0 } = held.get(numberOf(partition)) ?? {};
        const range = { from: Math.max(from, low), to: Math.min(to, high) };
        return range.from < range.to ? [[numberOf(partition), range]] : [];
      }),
    );
  }

  /** Over a connection that is kept; one that has failed is opened anew the next time. */
  #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    return withBroker(async () => {
      const opened = (this.#admin ??= this.#connect());
      try {
        return await question(await opened);
      } catch (error) {
        if (this.#admin === opened) this.#admin = undefined;
        opened.then((admin) => admin.disconnect()).catch(() => undefined); // it has failed already
        throw error;
      }
    });
  }

  async #connect(): Promise<Admin> {
    const admin = this.#kafka.admin({ retry: { retries: 1, initialRetryTime: 100 } });
    await admin.connect();
    return admin;
  }
}

/** As Lambda gets it. */
const toRecord = (
  topic: string,
  partition: number,
  { offset, timestamp, value }: EachBatchPayload['batch']['messages'][number],
): MSKRecord =>
  ({
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    timestampType: 'CREATE_TIME',
    value: value?.toString('base64'),
    headers: [],
  }) as unknown as MSKRecord;

const withBroker = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Error && cause.name.startsWith('KafkaJS'))
      throw new PlatformError('broker_unavailable', 'The broker does not answer', { cause });
    throw cause;
  }
};

import { randomUUID } from 'node:crypto';
import { type EachBatchPayload, type Kafka, type Admin } from 'kafkajs';
import { partitionOf, topicPartition, type OffsetRange, type StreamRecord } from '../../domain/stream.ts';
import { PlatformError } from '../../errors.ts';
import type { RecordReader, StreamChunk } from '../../ports.ts';

/** A read that brings nothing for this long (ms) has failed. */
const STALLED_MS = 20_000;

/** The stream on Kafka, read beside the event source mappings: nothing that this does moves their consumer groups. */
export class KafkaRecordReader implements RecordReader {
  readonly #kafka: Kafka;
  #admin: Promise<Admin> | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  read(topic: string, ranges: readonly OffsetRange[], take: (chunk: StreamChunk) => Promise<void>): Promise<void> {
    return withBroker(async () => {
      const { lost, held: missing } = await this.#retained(topic, ranges);
      if (lost.length > 0) await take({ records: [], covered: lost, lost });
      if (missing.size === 0) return;
      // A group of its own that commits nothing, and is gone when it has left.
      const consumer = this.#kafka.consumer({ groupId: `recount-${randomUUID()}`, allowAutoTopicCreation: false });
      let stalled: NodeJS.Timeout | undefined;
      try {
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        await new Promise<void>((resolve, reject) => {
          const waits = () => {
            stalled = setTimeout(
              () => reject(new PlatformError('broker_unavailable', 'The broker did not return records in time')),
              STALLED_MS,
            );
          };
          waits();
          const eachBatch = async ({ batch, pause }: EachBatchPayload) => {
            const wanted = missing.get(batch.partition);
            if (!wanted) return void pause();
            clearTimeout(stalled); // how long our caller takes is no fault of the broker
            const records = batch.messages
              .map((message) => toRecord(topic, batch.partition, message))
              .filter(({ offset }) => offset >= wanted.from && offset < wanted.to);
            const next = Math.min(Number(batch.lastOffset()) + 1, wanted.to);
            if (next > wanted.from) {
              const name = topicPartition(topic, batch.partition);
              await take({ records, covered: [{ topicPartition: name, from: wanted.from, to: next }], lost: [] });
              wanted.from = next;
            }
            if (wanted.from >= wanted.to) {
              pause();
              missing.delete(batch.partition);
            }
            if (missing.size === 0) resolve();
            else waits();
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

  ends(topic: string): Promise<Map<string, number>> {
    return this.#ask(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic);
      return new Map(offsets.map(({ partition, high }) => [topicPartition(topic, partition), Number(high)]));
    });
  }

  async close(): Promise<void> {
    const opened = this.#admin;
    this.#admin = undefined;
    await (await opened)?.disconnect();
  }

  /** What of the ranges the topic still holds, by partition number, and what it does not. */
  async #retained(topic: string, ranges: readonly OffsetRange[]) {
    const offsets = await this.#ask((admin) => admin.fetchTopicOffsets(topic));
    const ends = new Map(
      offsets.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]),
    );
    const lost: OffsetRange[] = [];
    const held = new Map<number, { from: number; to: number }>();
    for (const { topicPartition: name, from, to } of ranges) {
      const end = ends.get(partitionOf(name)) ?? { low: to, high: to };
      // A new leader learns only after a moment how far its partition reaches: nothing of that is lost.
      if (end.high < to) throw new PlatformError('broker_unavailable', `${name} ends at ${end.high}, before ${to}`);
      const low = Math.min(Math.max(end.low, from), to);
      if (from < low) lost.push({ topicPartition: name, from, to: low });
      if (low < to) held.set(partitionOf(name), { from: low, to });
    }
    return { lost, held };
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

type Message = EachBatchPayload['batch']['messages'][number];

const toRecord = (
  topic: string,
  partition: number,
  { offset, timestamp, key, value, ...rest }: Message,
): StreamRecord => ({
  ...{ topic, partition, offset: Number(offset), timestamp: Number(timestamp) },
  // Not in kafkajs's types: 0 is the producer's time, 1 the broker's.
  isAppendTime: (rest as { batchContext?: { timestampType?: number } }).batchContext?.timestampType === 1,
  ...(key ? { key } : {}),
  ...(value ? { value } : {}),
});

const withBroker = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Error && cause.name.startsWith('KafkaJS'))
      throw new PlatformError('broker_unavailable', 'The broker does not answer', { cause });
    throw cause;
  }
};

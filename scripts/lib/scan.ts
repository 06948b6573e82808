import { partitionOf, topicPartition, type StreamRecord } from '../../lib/domain/stream.ts';
import type { Broker } from './services.ts';

/** Partition → offset; partitions that are not listed are not read. */
type Positions = ReadonlyMap<number, number>;

/** Thrown to end a read early; callers do not see it. */
const ENOUGH = new Error('no more records are needed');

/**
 * Calls `each` for the present records of a topic, one by one, in order per partition, until it returns false.
 * @param from the offsets to begin at; by default the whole topic is read
 */
export async function scan(
  { reader }: Pick<Broker, 'reader'>,
  topic: string,
  each: (record: StreamRecord) => unknown,
  from?: Positions,
): Promise<void> {
  const ranges = [...(await reader.ends(topic))].flatMap(([name, to]) => {
    const start = from ? from.get(partitionOf(name)) : 0;
    return start === undefined || start >= to ? [] : [{ topicPartition: name, from: start, to }];
  });
  try {
    await reader.read(topic, ranges, async ({ records }) => {
      for (const record of records) if ((await each(record)) === false) throw ENOUGH;
    });
  } catch (error) {
    if (error !== ENOUGH) throw error;
  }
}

/** The record at an offset, or undefined when the topic does not have it. */
export async function recordAt(
  { reader }: Pick<Broker, 'reader'>,
  topic: string,
  partition: number,
  offset: number,
): Promise<StreamRecord | undefined> {
  const name = topicPartition(topic, partition);
  if (offset >= ((await reader.ends(topic)).get(name) ?? 0)) return undefined;
  let found: StreamRecord | undefined;
  await reader.read(topic, [{ topicPartition: name, from: offset, to: offset + 1 }], async ({ records }) => {
    found ??= records[0];
  });
  return found;
}

import type { Admission } from '../../lib/usecases/admission.ts';
import type { Logger } from '../../lib/log.ts';
import { callerSchema } from '../../lib/domain/access.ts';
import { topicPartition, type OffsetRange, type StreamRecord } from '../../lib/domain/stream.ts';
import type { Authenticator, OutgoingRecord, RecordLog, RecordReader, StreamChunk } from '../../lib/ports.ts';

/** A record log that keeps the appended records in memory, and rejects while `failure` is set. */
export class RecordedLog implements RecordLog {
  failure: Error | undefined;
  readonly #appended: { topic: string; records: readonly OutgoingRecord[] }[] = [];

  async append(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    if (this.failure) throw this.failure;
    if (records.length > 0) this.#appended.push({ topic, records });
  }

  get topics(): string[] {
    return [...new Set(this.#appended.map(({ topic }) => topic))];
  }

  records(topic: string): OutgoingRecord[] {
    return this.#appended.filter((each) => each.topic === topic).flatMap(({ records }) => records);
  }

  values<T = Record<string, unknown>>(topic: string): T[] {
    return this.records(topic).map(({ value }) => JSON.parse(value) as T);
  }
}

/** A record reader with records in memory. */
export class HeldRecords implements RecordReader {
  readonly committedOffsets = new Map<string, number>();
  readonly reads: OffsetRange[] = [];
  readonly #held = new Map<string, Map<number, StreamRecord>>();
  /** topic-partition → the oldest offset that still exists */
  readonly #first = new Map<string, number>();

  hold(records: Iterable<StreamRecord>): void {
    for (const record of records) {
      const name = topicPartition(record.topic, record.partition);
      const held = this.#held.get(name) ?? new Map<number, StreamRecord>();
      held.set(record.offset, record);
      this.#held.set(name, held);
    }
  }

  /** Deletes the records before this offset, as retention does. */
  deleteBefore(name: string, offset: number): void {
    this.#first.set(name, offset);
  }

  /** Deletes all records, like a topic that is deleted and created again. */
  clear(): void {
    this.#held.clear();
    this.#first.clear();
  }

  async read(
    _topic: string,
    ranges: readonly OffsetRange[],
    take: (chunk: StreamChunk) => Promise<void>,
  ): Promise<void> {
    this.reads.push(...ranges);
    for (const { topicPartition: name, from, to } of ranges) {
      const first = Math.min(Math.max(this.#first.get(name) ?? 0, from), to);
      const lost = from < first ? [{ topicPartition: name, from, to: first }] : [];
      if (lost.length > 0) await take({ records: [], covered: lost, lost });
      const held = [...(this.#held.get(name)?.values() ?? [])]
        .filter(({ offset }) => offset >= first && offset < to)
        .sort((a, b) => a.offset - b.offset);
      // In chunks, as from a broker. The last chunk covers the range to its end, also without records there.
      for (let n = 0, at = first; at < to; n += 7) {
        const records = held.slice(n, n + 7);
        const end = held[n + 7]?.offset ?? to;
        await take({ records, covered: [{ topicPartition: name, from: at, to: end }], lost: [] });
        at = end;
      }
    }
  }

  committed = async (): Promise<Map<string, number>> => this.committedOffsets;
  ends = async (): Promise<Map<string, number>> =>
    new Map([...this.#held].map(([name, held]) => [name, Math.max(...held.keys()) + 1]));
}

/** Authenticates every caller with these claims. */
export const bearerOf = (claims: Record<string, unknown>): Authenticator => ({
  authenticate: async () => callerSchema.parse(claims),
});

export type Line = [level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown> | undefined];

/** A logger that keeps its lines in memory. */
export const recordedLogger = (): Logger & { lines: Line[] } => {
  const lines: Line[] = [];
  const logger = (bound?: Record<string, unknown>): Logger => {
    const all = (fields?: Record<string, unknown>) => (bound ? { ...bound, ...fields } : fields);
    return {
      info: (message, fields) => lines.push(['info', message, all(fields)]),
      warn: (message, fields) => lines.push(['warn', message, all(fields)]),
      error: (message, fields) => lines.push(['error', message, all(fields)]),
      child: () => logger(bound),
      with: (fields) => logger({ ...bound, ...fields }),
    };
  };
  return { ...logger(), lines };
};

/** An admission without limits. */
export const unlimited: Admission = {
  taps: async () => ({}),
  registration: async () => ({}),
  client: async () => undefined,
  viewer: async () => undefined,
  removal: async () => ({}),
  view: async () => ({}),
};

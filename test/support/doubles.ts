import type { Admission } from '../../lib/usecases/admission.ts';
import type { Logger } from '../../lib/log.ts';
import type { MSKEvent } from 'aws-lambda';
import { callerSchema } from '../../lib/domain/access.ts';
import type { Range } from '../../lib/domain/progress.ts';
import type { Authenticator, OutgoingRecord, RecordLog, RecordReader } from '../../lib/ports.ts';

/** A stream that remembers what was appended, and fails as long as it is told to. */
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

type Batch = Pick<MSKEvent, 'records'>;

/** The records that a topic holds, to be read again. */
export class HeldRecords implements RecordReader {
  readonly committedOffsets = new Map<string, number>();
  readonly reads: Range[] = [];
  readonly #held = new Map<string, Map<number, MSKEvent['records'][string][number]>>();
  readonly #partitions: number;

  constructor(partitions = 4) {
    this.#partitions = partitions;
  }

  hold({ records }: Batch): void {
    for (const [partition, entries] of Object.entries(records)) {
      const held = this.#held.get(partition) ?? new Map();
      for (const entry of entries) held.set(entry.offset, entry);
      this.#held.set(partition, held);
    }
  }

  /** As retention does, or whoever makes the topic anew. */
  forget(): void {
    this.#held.clear();
  }

  async read(_topic: string, ranges: readonly Range[], take: (chunk: Batch) => Promise<void>): Promise<void> {
    this.reads.push(...ranges);
    for (const { partition, from, to } of ranges) {
      const held = [...(this.#held.get(partition) ?? [])].sort(([a], [b]) => a - b);
      const entries = held.flatMap(([offset, entry]) => (offset >= from && offset < to ? [entry] : []));
      // In chunks, as from a broker.
      for (let n = 0; n < entries.length; n += 7) await take({ records: { [partition]: entries.slice(n, n + 7) } });
    }
  }

  committed = async (): Promise<Map<string, number>> => this.committedOffsets;
  partitions = async (): Promise<number> => this.#partitions;
}
/** Every caller has a token with these claims. */
export const bearerOf = (claims: Record<string, unknown>): Authenticator => ({
  authenticate: async () => callerSchema.parse(claims),
});

export type Line = [level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown> | undefined];

/** A log that remembers its lines. */
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

/** Lets everybody do everything. */
export const unlimited: Admission = {
  taps: async () => ({}),
  registration: async () => ({}),
  removal: async () => ({}),
};

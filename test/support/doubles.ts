import type { Logger } from '../../lib/log.ts';
import { callerSchema } from '../../lib/domain/access.ts';
import type { Authenticator, OutgoingRecord, RecordLog } from '../../lib/ports.ts';

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

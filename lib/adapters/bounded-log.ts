import { PlatformError } from '../errors.ts';
import type { OutgoingRecord, RecordLog } from '../ports.ts';

/** A record counts once for each KiB that it begins, so that the bound is one of memory too. */
const UNIT = 1024;

const weigh = (records: readonly OutgoingRecord[]): number =>
  records.reduce((sum, { value }) => sum + Math.max(1, Math.ceil(value.length / UNIT)), 0);

/**
 * A stream that refuses at once, by `overloaded`, what would bring it above `max` records under way: better a quick no
 * to some than a late one to all. It takes again as soon as records are settled.
 */
export const boundedLog = (log: RecordLog, max: number): RecordLog => {
  let underWay = 0;
  return {
    async append(topic, records) {
      const weight = weigh(records);
      if (underWay + weight > max) {
        throw new PlatformError('overloaded', 'Too many taps are being written: try again in a second');
      }
      underWay += weight;
      try {
        await log.append(topic, records);
      } finally {
        underWay -= weight;
      }
    },
  };
};

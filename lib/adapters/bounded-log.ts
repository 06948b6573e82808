import { PlatformError } from '../errors.ts';
import type { OutgoingRecord, RecordLog } from '../ports.ts';

/** A record is charged per started KiB, so that the bound also limits memory. */
const UNIT = 1024;

const weigh = (records: readonly OutgoingRecord[]): number =>
  records.reduce((sum, { value }) => sum + Math.max(1, Math.ceil(value.length / UNIT)), 0);

/**
 * A record log that rejects appends with `overloaded` while more than `max` records are being written: under overload
 * some requests fail quickly instead of all failing late.
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

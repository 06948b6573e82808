import type { BrokerRecord } from '../src/broker/port.ts';

/** A record without anything, for tests that need only a part of one. */
export const NO_RECORD: BrokerRecord = {
  partition: 0,
  offset: 0,
  timestamp: 1_760_000_000_123,
  timestampType: 'CREATE_TIME',
  key: null,
  value: null,
  headers: [],
};

import type { BrokerRecord } from '../src/broker/port.ts';

/** A record with default values, for tests that need only some of its fields. */
export const NO_RECORD: BrokerRecord = {
  partition: 0,
  offset: 0,
  timestamp: 1_760_000_000_123,
  timestampType: 'CREATE_TIME',
  key: null,
  value: null,
  headers: [],
};

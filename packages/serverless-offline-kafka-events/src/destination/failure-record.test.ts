import { describe, expect, test } from '@jest/globals';
import { NO_RECORD } from '../../test/records.ts';
import { buildEvent } from '../event.ts';
import type { Discarded } from '../failure/resolution.ts';
import { failureRecord, kafkaFailureRecord } from './failure-record.ts';

const ARN = 'arn:aws:kafka:eu-west-1:000000000000:cluster/local/11111111-2222-3333-4444-555555555555-1';
const FUNCTION = 'arn:aws:lambda:eu-west-1:000000000000:function:consumer';
const at = (iso: string): number => Date.parse(iso);
const record = (partition: number, offset: number, iso: string) => ({
  ...NO_RECORD,
  partition,
  offset,
  timestamp: at(iso),
});

const source = { kind: 'msk', arn: ARN, bootstrapServers: 'localhost:9092,localhost:9093', topic: 'orders' } as const;
const origin = { source, functionArn: FUNCTION };
const records = new Map([
  [0, [record(0, 41, '2025-10-09T08:53:20.123Z'), record(0, 42, '2025-10-09T08:53:20.200Z')]],
  [1, [record(1, 7, '2025-10-09T08:53:20.150Z')]],
]);
const discarded: Discarded = { records, condition: 'RetryAttemptsExhausted', attempts: 3, functionError: true };
const NOW = at('2025-10-09T08:53:25.000Z');
const UUID = expect.stringMatching(/^[0-9a-f-]{36}$/);

/** The JSON in AWS's documentation, with the values of this test. */
const COMMON = {
  requestContext: {
    requestId: UUID,
    functionArn: FUNCTION,
    condition: 'RetryAttemptsExhausted',
    approximateInvokeCount: 3,
  },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  version: '1.0',
  timestamp: '2025-10-09T08:53:25.000Z',
};
const payload = JSON.stringify(buildEvent(source, records));
const DOCUMENTED = {
  ...COMMON,
  KafkaBatchInfo: {
    batchSize: 3,
    eventSourceArn: ARN,
    bootstrapServers: 'localhost:9092,localhost:9093',
    payloadSize: Buffer.byteLength(payload),
    recordsInfo: {
      'orders-0': {
        firstRecordOffset: '41',
        lastRecordOffset: '42',
        firstRecordTimestamp: '2025-10-09T08:53:20.123Z',
        lastRecordTimestamp: '2025-10-09T08:53:20.200Z',
      },
      'orders-1': {
        firstRecordOffset: '7',
        lastRecordOffset: '7',
        firstRecordTimestamp: '2025-10-09T08:53:20.150Z',
        lastRecordTimestamp: '2025-10-09T08:53:20.150Z',
      },
    },
  },
};

describe('a failure record', () => {
  test('K-50 can be built for a record whose timestamp is outside the range of a Date', () => {
    for (const timestamp of [Number(2n ** 63n - 1n), -1]) {
      const odd = { ...record(0, 41, '2025-10-09T08:53:20.123Z'), timestamp };
      const all = { ...discarded, records: new Map([[0, [odd]]]) };
      expect(() => failureRecord(origin, all, NOW, true)).not.toThrow();
      expect(() => kafkaFailureRecord(origin, all, odd, NOW)).not.toThrow();
    }
  });

  test('K-48 K-50 for SQS and SNS has the documented fields', () => {
    const built = failureRecord(origin, discarded, NOW, false);
    expect(built).toEqual(DOCUMENTED);
    expect(Object.keys(built)).toEqual(Object.keys(DOCUMENTED));
  });

  test('K-51 for S3 also has the whole event as a string', () => {
    expect(failureRecord(origin, discarded, NOW, true)).toEqual({ ...DOCUMENTED, payload });
  });

  test('K-50 has no response context if the function was not invoked', () => {
    const tooBig: Discarded = { records, condition: 'MaximumPayloadSizeExceeded', attempts: 0, functionError: false };
    expect(failureRecord(origin, tooBig, NOW, false)).toMatchObject({
      requestContext: { condition: 'MaximumPayloadSizeExceeded', approximateInvokeCount: 0 },
      responseContext: null,
    });
  });

  test('K-49 K-50 for a Kafka topic has one record, as an object', () => {
    const one = records.get(0)?.[1] ?? NO_RECORD;
    const event = buildEvent(source, new Map([[0, [one]]]));
    expect(kafkaFailureRecord(origin, discarded, one, NOW)).toEqual({
      ...COMMON,
      requestContext: { ...COMMON.requestContext, functionArn: `${FUNCTION}:$LATEST`, condition: 'RetriesExhausted' },
      KafkaBatchInfo: {
        batchSize: 1,
        eventSourceArn: ARN,
        bootstrapServers: 'localhost:9092,localhost:9093',
        payloadSize: Buffer.byteLength(JSON.stringify(event)),
        recordInfo: { offset: '42', timestamp: '2025-10-09T08:53:20.200Z' },
      },
      payload: event,
    });
  });
});

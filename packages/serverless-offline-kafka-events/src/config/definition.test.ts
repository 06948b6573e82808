import { describe, expect, test } from '@jest/globals';
import { defineMapping } from './definition.ts';
import type { MappingDefinition } from './definition.ts';

const MSK = { EventSourceArn: 'arn:aws:kafka:eu-west-1:000000000000:cluster/local/uuid-1', Topics: ['orders'] };
const define = (properties: object, kind: 'msk' | 'kafka' = 'msk'): MappingDefinition =>
  defineMapping('consumer', kind, { ...MSK, ...properties }, 'default-group');
const selfManaged = (properties: object): MappingDefinition =>
  defineMapping('consumer', 'kafka', { Topics: ['orders'], ...properties }, 'default-group');

describe('a mapping definition', () => {
  test('K-14 K-15 K-26 K-29 has the defaults of AWS: 100 records, 500 ms, TRIM_HORIZON, its own consumer group', () => {
    const { batchSize, windowMs, startingPosition, groupId, enabled, warnings } = define({});
    expect({ batchSize, windowMs, startingPosition, groupId, enabled, warnings }).toEqual({
      batchSize: 100,
      windowMs: 500,
      startingPosition: { kind: 'TRIM_HORIZON' },
      groupId: 'default-group',
      enabled: true,
      warnings: [],
    });
  });

  test('K-16 may have a batch size above 10 without a batching window', () => {
    expect(define({ BatchSize: 10_000, MaximumBatchingWindowInSeconds: 0 }).windowMs).toBe(0);
  });

  test('K-27 with AT_TIMESTAMP must have a timestamp in seconds', () => {
    const at = define({ StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1_760_000_000 });
    expect(at.startingPosition).toEqual({ kind: 'AT_TIMESTAMP', timestampMs: 1_760_000_000_000 });
    expect(() => define({ StartingPosition: 'AT_TIMESTAMP' })).toThrow('AT_TIMESTAMP requires a Unix time in seconds');
  });

  test.each([
    [Date.now(), 'must be Unix time in seconds, not in milliseconds'],
    [1_760_000_000_000, 'must be Unix time in seconds, not in milliseconds'],
    [Math.floor(Date.now() / 1000) + 60, 'must not be in the future'],
    [1_760_000_000_000_000, 'must not be in the future'],
    [-1, 'must be Unix time in seconds'],
    ['2026-01-01', 'must be Unix time in seconds'],
  ])('K-27 must not have the starting timestamp %j', (StartingPositionTimestamp, message) => {
    expect(() => define({ StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp })).toThrow(message);
    expect(() => define({ StartingPositionTimestamp })).toThrow(message);
  });

  test('K-78 accepts tags, KMS keys and metrics settings, which have no effect here', () => {
    const extra = { Tags: [{ Key: 'a', Value: 'b' }], KmsKeyArn: 'arn:aws:kms:::key/1', MetricsConfig: {} };
    expect(define(extra).warnings).toEqual([]);
  });

  test.each([
    [{ BatchSize: 0 }, 'BatchSize is 0: must be a whole number from 1 to 10000'],
    [{ BatchSize: 10_001 }, 'BatchSize is 10001: must be a whole number from 1 to 10000'],
    [{ BatchSize: '100' }, 'BatchSize is "100": must be a whole number from 1 to 10000'],
    [{ MaximumBatchingWindowInSeconds: 301 }, 'is 301: must be a whole number from 0 to 300'],
    [{ StartingPosition: 'EARLIEST' }, 'is "EARLIEST": must be LATEST, TRIM_HORIZON or AT_TIMESTAMP'],
    [{ MaximumRetryAttempts: 10_001 }, 'is 10001: must be a whole number from -1 to 10000'],
    [{ MaximumRecordAgeInSeconds: 59 }, 'is 59: must be -1 or from 60 to 604800'],
    [
      { ProvisionedPollerConfig: { MinimumPollers: 201 } },
      'MinimumPollers is 201: must be a whole number from 1 to 200',
    ],
    [{ FunctionResponseTypes: ['Report'] }, 'FunctionResponseTypes.0 is "Report"'],
  ])('K-14 K-15 K-26 K-39 K-41 K-66 must not have values outside the ranges of AWS: %j', (properties, message) => {
    expect(() => define(properties)).toThrow(`function consumer, msk event of topic orders: `);
    expect(() => define(properties)).toThrow(message);
  });

  test('K-34 has exactly one topic, with a name that Kafka allows', () => {
    expect(() => define({ Topics: ['a1', 'b1'] })).toThrow('must be exactly one topic');
    expect(() => define({ Topics: ['.orders'] })).toThrow('must be a Kafka topic name');
    expect(() => define({ Topics: ['o'.repeat(250)] })).toThrow('at most 249');
  });

  test('K-32 has a group id of 1 to 200 characters that AWS allows', () => {
    const group = (ConsumerGroupId: string) => define({ AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId } });
    expect(group('team/a:b=c@d').groupId).toBe('team/a:b=c@d');
    for (const bad of ['', 'g'.repeat(201), 'a b', 'ä']) expect(() => group(bad)).toThrow('must be 1 to 200 letters');
  });

  test('with an unknown field causes an error that names the field', () => {
    expect(() => define({ BatchSizes: 5 })).toThrow('Unrecognized key: "BatchSizes"');
  });

  test('must not have fields that contradict each other', () => {
    const servers = { SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['a:1'] } } };
    expect(() => define(servers)).toThrow('EventSourceArn');
    expect(() => selfManaged({ AmazonManagedKafkaEventSourceConfig: {} })).toThrow(
      'a kafka event has SelfManagedKafkaEventSourceConfig instead',
    );
    const pollers = { ProvisionedPollerConfig: { MinimumPollers: 5, MaximumPollers: 4 } };
    expect(() => define(pollers)).toThrow('MaximumPollers is 4: must be at least MinimumPollers, 5');
    const access = ['BASIC_AUTH', 'SASL_SCRAM_512_AUTH'].map((Type) => ({ Type, URI: 'a' }));
    expect(() => selfManaged({ SourceAccessConfigurations: access })).toThrow(
      'must have only one authentication method',
    );
  });

  test('K-48 K-49 has a standard SQS queue or SNS topic, an S3 bucket or another Kafka topic as destination', () => {
    const to = (Destination: unknown) => define({ DestinationConfig: { OnFailure: { Destination } } });
    for (const good of ['', 'arn:aws:sqs:eu-west-1:1:q', 'arn:aws:s3:::b', 'kafka://other', { Ref: 'Queue' }]) {
      expect(to(good).properties.DestinationConfig?.OnFailure?.Destination).toEqual(good);
    }
    for (const bad of [
      'arn:aws:sqs:eu-west-1:1:q.fifo',
      'arn:aws:sns:eu-west-1:1:t.fifo',
      'arn:aws:lambda:e:1:f',
      'q',
    ]) {
      expect(() => to(bad)).toThrow('must be the ARN of a standard SQS queue');
    }
    expect(() => to('kafka://orders')).toThrow('must be another topic');
  });

  test('K-68 causes warnings about fields that AWS supports in provisioned mode only', () => {
    const fields = {
      MaximumRetryAttempts: 2,
      MaximumRecordAgeInSeconds: 60,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: 'kafka://failed' } },
    };
    const { warnings } = define(fields);
    expect(warnings.map((line) => /AWS allows (.*) in provisioned mode only/.exec(line)?.[1])).toEqual([
      'MaximumRetryAttempts',
      'MaximumRecordAgeInSeconds',
      'BisectBatchOnFunctionError',
      'FunctionResponseTypes',
      'a kafka:// destination',
    ]);
    expect(define({ ...fields, ProvisionedPollerConfig: {} }).warnings).toEqual([]);
  });

  test('K-55 causes a warning if it has more than 5 filters, and an error if it has more than 10', () => {
    const filters = (n: number) =>
      define({ FilterCriteria: { Filters: Array.from({ length: n }, () => ({ Pattern: '{"value":["a"]}' })) } });
    expect(filters(5).warnings).toEqual([]);
    expect(filters(5).filterPatterns).toHaveLength(5);
    expect(filters(6).warnings[0]).toContain('AWS allows 5');
    expect(() => filters(11)).toThrow('at most 5 filters');
  });

  test('K-63 with an invalid filter pattern causes an error with function, field and value', () => {
    const bad = { FilterCriteria: { Filters: [{ Pattern: '{"value":{"a":"b"}}' }] } };
    expect(() => define(bad)).toThrow(
      'function consumer, msk event of topic orders: FilterCriteria.Filters.0.Pattern is "{\\"value\\":{\\"a\\":\\"b\\"}}": ' +
        'Invalid filter pattern definition: value.a must be an array or an object, not "b"',
    );
  });

  test('K-13 K-69 must not have a schema registry or queue mode', () => {
    expect(() => selfManaged({ SelfManagedKafkaEventSourceConfig: { SchemaRegistryConfig: {} } })).toThrow(
      'schema registries are not emulated',
    );
    expect(() => selfManaged({ SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Queue' } })).toThrow(
      'must be Stream',
    );
    expect(selfManaged({ SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Stream' } }).kind).toBe('kafka');
  });

  test('K-02 has a placeholder in ARN format for a reference to a cluster', () => {
    expect(define({ EventSourceArn: { Ref: 'Cluster' } }).arn).toMatch(/^arn:aws:kafka:.*:cluster\/Cluster\//);
  });
});

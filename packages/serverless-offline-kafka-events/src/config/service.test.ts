import { describe, expect, test } from '@jest/globals';
import { service } from '../../test/service.ts';
import type { Serverless } from '../serverless.ts';
import type { MappingDefinition } from './definition.ts';
import { readMappings } from './service.ts';

const ARN = 'arn:aws:kafka:eu-west-1:000000000000:cluster/My-cluster/uuid-1';
const msk = (event: object) => ({ msk: { arn: ARN, topic: 'orders', ...event } });
const kafka = (event: object) => ({
  kafka: {
    accessConfigurations: { saslScram512Auth: ['arn:aws:secretsmanager:eu-west-1:1:secret:login-AbCdEf'] },
    bootstrapServers: ['b-1:9096'],
    topic: 'orders',
    ...event,
  },
});

const read = (
  it: Serverless['service'],
  overrides: Record<string, Record<string, unknown>> = {},
): { mappings: MappingDefinition[]; warnings: string[] } => {
  const warnings: string[] = [];
  const mappings = readMappings(it, { overrides, filterMismatch: 'deliver' }, (line) => warnings.push(line));
  return { mappings, warnings };
};
const consumer = (...events: Record<string, unknown>[]) => service({ consumer: { events } });

describe('the mappings of a service', () => {
  test('K-79 include msk events with all their keys', () => {
    const { mappings } = read(
      consumer(
        msk({
          batchSize: 5,
          maximumBatchingWindow: 2,
          enabled: false,
          startingPosition: 'LATEST',
          consumerGroupId: 'g',
          saslScram512: 'arn:aws:secretsmanager:eu-west-1:1:secret:AmazonMSK_login-AbCdEf',
          filterPatterns: [{ value: { a: ['x'] } }],
        }),
      ),
    );
    expect(mappings).toMatchObject([
      {
        kind: 'msk',
        arn: ARN,
        topic: 'orders',
        batchSize: 5,
        windowMs: 2000,
        enabled: false,
        startingPosition: { kind: 'LATEST' },
        groupId: 'g',
        filterPatterns: ['{"value":{"a":["x"]}}'],
        properties: { SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH' }] },
      },
    ]);
  });

  test('K-80 include kafka events with every kind of access configuration', () => {
    const uri = ['arn:aws:secretsmanager:eu-west-1:1:secret:a-AbCdEf'];
    const { mappings } = read(
      consumer(
        kafka({
          accessConfigurations: {
            vpcSubnet: ['subnet-1'],
            vpcSecurityGroup: ['sg-1'],
            saslPlainAuth: uri,
            serverRootCaCertificate: uri,
          },
          consumerGroupId: 'g',
        }),
      ),
    );
    expect(mappings[0]).toMatchObject({ kind: 'kafka', groupId: 'g' });
    expect(mappings[0]?.arn).toBeUndefined();
    expect(mappings[0]?.properties.SourceAccessConfigurations.map(({ Type, URI }) => [Type, URI])).toEqual([
      ['VPC_SUBNET', 'subnet:subnet-1'],
      ['VPC_SECURITY_GROUP', 'security_group:sg-1'],
      ['BASIC_AUTH', uri[0]],
      ['SERVER_ROOT_CA_CERTIFICATE', uri[0]],
    ]);
  });

  test('K-81 have pollers and a destination from the keys of osls and of Serverless 4', () => {
    const osls = {
      provisionedPollerConfig: { minimumPollers: 2, maximumPollers: 3 },
      onFailureDestination: 'kafka://dead',
    };
    const v4 = { provisionedPollers: { min: 2, max: 3, group: 'g' } };
    expect(read(consumer(kafka(osls))).mappings[0]?.properties).toMatchObject({
      ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 3 },
      DestinationConfig: { OnFailure: { Destination: 'kafka://dead' } },
    });
    expect(read(consumer(msk(v4))).mappings[0]?.properties.ProvisionedPollerConfig).toEqual({
      MinimumPollers: 2,
      MaximumPollers: 3,
      PollerGroupName: 'g',
    });
  });

  test('K-79 K-80 with unknown keys or invalid values cause errors with function, field and value', () => {
    expect(() => read(consumer(msk({ batchsize: 5 })))).toThrow('function consumer, msk event of topic orders');
    expect(() => read(consumer(msk({ batchsize: 5 })))).toThrow('Unrecognized key: "batchsize"');
    expect(() => read(consumer(kafka({ batchSize: 20_000 })))).toThrow(
      'batchSize is 20000: must be a whole number from 1 to 10000',
    );
    expect(() => read(consumer(msk({ topic: ['a', 'b'] })))).toThrow('use one mapping per topic');
    expect(() => read(consumer({ msk: { topic: 'orders' } }))).toThrow('must be the ARN of an MSK cluster');
  });

  test('K-82 have a window of 500 ms for maximumBatchingWindow 0, and a warning says where to set 0', () => {
    const { mappings, warnings } = read(consumer(msk({ maximumBatchingWindow: 0 })));
    expect(mappings[0]?.windowMs).toBe(500);
    expect(warnings[0]).toContain('resources.extensions.ConsumerEventSourceMappingMSKMyclusterOrders');
  });

  test('K-82 have properties from resources as in the template: Resources merged, extensions assigned', () => {
    const id = 'ConsumerEventSourceMappingMSKMyclusterOrders';
    const { mappings, warnings } = read(
      service(
        { consumer: { events: [msk({ batchSize: 5, consumerGroupId: 'g' })] } },
        {
          resources: {
            Resources: {
              [id]: {
                Type: 'AWS::Lambda::EventSourceMapping',
                Properties: { Topics: ['orders'], AmazonManagedKafkaEventSourceConfig: { ConsumptionMode: 'Stream' } },
              },
            },
            extensions: { [id]: { Properties: { BatchSize: 7, MaximumBatchingWindowInSeconds: 0 } } },
          },
        },
      ),
      { 'consumer/orders': { MaximumRetryAttempts: 3 } },
    );
    expect(mappings).toMatchObject([
      { batchSize: 7, windowMs: 0, groupId: 'g', properties: { MaximumRetryAttempts: 3 } },
    ]);
    expect(warnings.filter((line) => line.startsWith('resources'))).toEqual([]);
  });

  test('must exist for each override of a function or of a function/topic', () => {
    const service = consumer(msk({}), kafka({ topic: 'items' }));
    for (const name of ['consumr', 'consumer/ordrs', 'constructor', '__proto__', 'toString', 'consumer/']) {
      const overrides = JSON.parse(JSON.stringify({ [name]: { BatchSize: 5 } })) as Record<string, never>;
      expect(() => read(service, overrides)).toThrow(
        `overrides names "${name}": must be a function with a Kafka event, or function/topic, such as consumer, consumer/orders`,
      );
    }
    const { mappings } = read(service, { consumer: { BatchSize: 5 }, 'consumer/items': { BatchSize: 6 } });
    expect(mappings.map(({ batchSize }) => batchSize)).toEqual([5, 6]);
  });

  test.each([
    'b-1',
    'PLAINTEXT://b-1:9092',
    'b-1:0',
    'b-1:70000',
    'b-1:',
    ':9092',
    'b 1:9092',
    'b-1:9092/',
    'b_1:9092',
  ])('K-80 must not have the bootstrap server %j, as in the API of Lambda', (server) => {
    const message = 'must be host:port without a protocol, with a port from 1 to 65535';
    expect(() => read(consumer(kafka({ bootstrapServers: ['b-1:9096', server] })))).toThrow(message);
    const SelfManagedEventSource = { Endpoints: { KafkaBootstrapServers: [server] } };
    expect(() => read(consumer(kafka({})), { consumer: { SelfManagedEventSource } })).toThrow(message);
  });

  test('have their own consumer group for each topic of a function', () => {
    const { mappings } = read(consumer(kafka({}), kafka({ topic: 'items' }), msk({})));
    expect(mappings.map(({ topic }) => topic)).toEqual(['orders', 'items', 'orders']);
    expect(new Set(mappings.map(({ groupId }) => groupId)).size).toBe(3);
  });

  test('K-32 must not share a group id that the configuration sets', () => {
    const shared = consumer(msk({ consumerGroupId: 'g' }), kafka({ topic: 'items', consumerGroupId: 'g' }));
    expect(() => read(shared)).toThrow(
      'ConsumerGroupId is "g": must be unique, but another Kafka mapping has the same',
    );
  });

  test('include those in resources, whose function is a Ref, GetAtt, Sub, name or ARN', () => {
    const targets = [
      { Ref: 'MyDashconsumerLambdaFunction' },
      { 'Fn::GetAtt': ['MyDashconsumerLambdaFunction', 'Arn'] },
      { 'Fn::GetAtt': 'MyDashconsumerLambdaFunction.Arn' },
      { 'Fn::Sub': '${MyDashconsumerLambdaFunction.Arn}:live' },
      'shop-dev-my-consumer',
      'shop-dev-my-consumer:live',
      'arn:aws:lambda:eu-west-1:000000000000:function:shop-dev-my-consumer:live',
    ];
    const Resources = Object.fromEntries(
      targets.map((FunctionName, n) => [
        `Mapping${n}`,
        {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            FunctionName,
            Topics: [`t-${n}`],
            SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['b:1'] } },
          },
        },
      ]),
    );
    const { mappings, warnings } = read(service({ 'my-consumer': {} }, { resources: { Resources } }));
    expect(mappings.map(({ functionKey, kind }) => `${functionKey} ${kind}`)).toEqual(
      targets.map(() => 'my-consumer kafka'),
    );
    expect(warnings).toEqual([]);
  });

  test('do not include those of other event sources, or of unknown functions (with a warning)', () => {
    const mapping = (Properties: object) => ({
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { ...Properties },
    });
    const { mappings, warnings } = read(
      service(
        { consumer: {} },
        {
          resources: {
            Resources: {
              Queue: mapping({ FunctionName: 'shop-dev-consumer', EventSourceArn: 'arn:aws:sqs:eu-west-1:1:q' }),
              Other: mapping({ FunctionName: 'other', EventSourceArn: ARN, Topics: ['t-1'] }),
              Bucket: { Type: 'AWS::S3::Bucket' },
            },
          },
        },
      ),
    );
    expect(mappings).toEqual([]);
    expect(warnings).toEqual([
      'resources: Other: FunctionName is "other", not a function of this service; the mapping is ignored',
    ]);
  });

  test('K-54 cause a warning if the timeout of the function is above 14 minutes', () => {
    const slow = (timeout: number) => read(service({ consumer: { timeout, events: [msk({})] } })).warnings;
    expect(slow(840)).toEqual([]);
    expect(slow(841)[0]).toContain('timeout is 841: AWS allows up to 840 s with a Kafka mapping');
  });
});

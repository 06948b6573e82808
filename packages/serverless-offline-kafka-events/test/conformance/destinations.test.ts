import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Message } from 'kafkajs';
import { until } from '../kafka.ts';
import type { Rig } from '../mapping-rig.ts';
import { numbered, useRigs } from '../rigs.ts';

const { kafka, start } = useRigs();
afterEach(() => {
  for (const name of ['', '_SQS', '_SNS', '_S3']) Reflect.deleteProperty(process.env, `AWS_ENDPOINT_URL${name}`);
});

const SQS_ARN = 'arn:aws:sqs:eu-west-1:000000000000:dlq';
const failingHandler = (): never => {
  throw new Error('no');
};
const withDestination = (Destination: string) => ({
  MaximumBatchingWindowInSeconds: 0,
  MaximumRetryAttempts: 1,
  DestinationConfig: { OnFailure: { Destination } },
});

const untilCommitted = (rig: Rig, topic: string, offset: number): Promise<unknown> =>
  until('the commit', async () => (await kafka.committed(rig.groupId, topic))[0] === offset);

const readTopic = async (topic: string, count: number): Promise<Message[]> => {
  const consumer = kafka.client.consumer({ groupId: `r-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const messages: Message[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void messages.push(message) });
  await until(`${count} messages`, () => messages.length >= count);
  await consumer.disconnect();
  return messages;
};

/** An endpoint for AWS clients. It records their requests, and responds with the result of `respond`. */
const fakeEndpoint = async (respond: (body: string) => { status?: number; body: string; type: string }) => {
  const requests: { url: string; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      requests.push({ url: request.url ?? '', body });
      const { status = 200, body: text, type } = respond(body);
      response.writeHead(status, { 'content-type': type }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests, close: () => server.closeAllConnections() ?? server.close() };
};

describe('an on-failure destination', () => {
  test('K-49 K-50 that is a Kafka topic gets one message per record, with the key of the record', async () => {
    const failed = await kafka.topic(2);
    const topic = await kafka.topic();
    await kafka.produce(topic, [
      { key: 'a', value: '1' },
      { value: '2', headers: { name: 'ë' } },
    ]);
    const rig = await start({ Topics: [topic], ...withDestination(`kafka://${failed}`) }, failingHandler);
    await untilCommitted(rig, topic, 2);
    const messages = await readTopic(failed, 2);
    const sorted = messages
      .map(({ key, value }) => ({ key: key?.toString(), body: JSON.parse(value?.toString() ?? '') }))
      .sort((a, b) => a.body.KafkaBatchInfo.recordInfo.offset - b.body.KafkaBatchInfo.recordInfo.offset);
    expect(sorted.map(({ key }) => key)).toEqual(['a', undefined]);
    const { body } = sorted[1] ?? {};
    expect(body.requestContext).toMatchObject({ condition: 'RetriesExhausted', approximateInvokeCount: 2 });
    expect(body.KafkaBatchInfo).toMatchObject({ batchSize: 1, recordInfo: { offset: '1' } });
    const { timestamp } = rig.records()[1] ?? {};
    expect(body.payload.records).toEqual({
      [`${topic}-0`]: [
        {
          topic,
          partition: 0,
          offset: 1,
          timestamp,
          timestampType: 'CREATE_TIME',
          value: 'Mg==',
          headers: [{ name: [-61, -85] }],
        },
      ],
    });
  });

  test('K-49 K-52 whose topic does not exist gets nothing: records are dropped, and the partition continues', async () => {
    const topic = await kafka.topic();
    await kafka.produce(topic, numbered(2, 1));
    const rig = await start({ Topics: [topic], ...withDestination(`kafka://missing-${randomUUID()}`) }, failingHandler);
    await untilCommitted(rig, topic, 2);
    expect(rig.mapping.report().counts).toMatchObject({
      DroppedEventCount: 2,
      OnFailureDestinationDeliveryErrorCount: 1,
      OnFailureDestinationDeliveredEventCount: 0,
    });
    expect(rig.lines.join('\n')).toContain(
      'they are lost, because the on-failure destination failed: kafka://missing-',
    );
  });

  test('K-48 K-51 in SQS or S3 is replaced by a folder if there is no endpoint', async () => {
    const failureFolder = join(tmpdir(), `failures-${randomUUID()}`);
    for (const [arn, hasPayload] of [
      [SQS_ARN, false],
      ['arn:aws:s3:::bucket', true],
    ] as const) {
      const topic = await kafka.topic();
      await kafka.produce(topic, numbered(3, 1));
      const rig = await start({ Topics: [topic], ...withDestination(arn) }, failingHandler, { failureFolder });
      await untilCommitted(rig, topic, 3);
      const folder = join(failureFolder, arn.includes('s3') ? 's3/bucket' : 'sqs/dlq');
      const [file = ''] = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      const body = JSON.parse(readFileSync(file, 'utf8'));
      expect(body.KafkaBatchInfo).toMatchObject({
        batchSize: 3,
        recordsInfo: { [`${topic}-0`]: { lastRecordOffset: '2' } },
      });
      expect(hasPayload ? JSON.parse(body.payload) : body.payload).toEqual(hasPayload ? rig.events[0] : undefined);
    }
  });

  test('K-48 in SQS gets the failure record at the endpoint in AWS_ENDPOINT_URL_SQS', async () => {
    const endpoint = await fakeEndpoint(() => ({ body: '{"MessageId":"1"}', type: 'application/x-amz-json-1.0' }));
    process.env['AWS_ENDPOINT_URL_SQS'] = endpoint.url;
    const topic = await kafka.topic();
    await kafka.produce(topic, numbered(1, 1));
    const rig = await start({ Topics: [topic], ...withDestination(SQS_ARN) }, failingHandler);
    await untilCommitted(rig, topic, 1);
    const [request] = endpoint.requests;
    const { QueueUrl, MessageBody } = JSON.parse(request?.body ?? '{}');
    expect(QueueUrl).toBe(`${endpoint.url}/000000000000/dlq`);
    expect(JSON.parse(MessageBody).KafkaBatchInfo.batchSize).toBe(1);
    expect(JSON.parse(MessageBody)).not.toHaveProperty('payload');
    endpoint.close();
  });

  test('K-48 in SNS gets the failure record at the endpoint in AWS_ENDPOINT_URL', async () => {
    const xml = '<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>';
    const endpoint = await fakeEndpoint(() => ({ body: xml, type: 'text/xml' }));
    process.env['AWS_ENDPOINT_URL'] = endpoint.url;
    const topic = await kafka.topic();
    await kafka.produce(topic, numbered(1, 1));
    const arn = 'arn:aws:sns:eu-west-1:000000000000:failed';
    const rig = await start({ Topics: [topic], ...withDestination(arn) }, failingHandler);
    await untilCommitted(rig, topic, 1);
    const form = new URLSearchParams(endpoint.requests[0]?.body);
    expect(form.get('TopicArn')).toBe(arn);
    expect(JSON.parse(form.get('Message') ?? '').requestContext.condition).toBe('RetryAttemptsExhausted');
    endpoint.close();
  });

  test('K-48 K-51 in S3 gets an object that includes the whole event as a string', async () => {
    const endpoint = await fakeEndpoint(() => ({ body: '', type: 'text/plain' }));
    process.env['AWS_ENDPOINT_URL_S3'] = endpoint.url;
    const topic = await kafka.topic();
    await kafka.produce(topic, numbered(2, 1));
    const rig = await start({ Topics: [topic], ...withDestination('arn:aws:s3:::bucket') }, failingHandler);
    await untilCommitted(rig, topic, 2);
    const [request] = endpoint.requests;
    expect(request?.url).toMatch(/^\/bucket\/aws\/lambda\/g-[^/]+\/\d{4}\/\d\d\/\d\d\//);
    expect(request?.body).toContain(JSON.stringify(JSON.stringify(rig.events[0])));
    endpoint.close();
  });

  test('K-48 K-52 whose endpoint responds with an error gets nothing: the records are dropped', async () => {
    const endpoint = await fakeEndpoint(() => ({
      status: 400,
      body: '{"__type":"QueueDoesNotExist"}',
      type: 'application/x-amz-json-1.0',
    }));
    process.env['AWS_ENDPOINT_URL'] = endpoint.url;
    const topic = await kafka.topic();
    await kafka.produce(topic, numbered(1, 1));
    const rig = await start({ Topics: [topic], ...withDestination(SQS_ARN) }, failingHandler);
    await untilCommitted(rig, topic, 1);
    expect(rig.mapping.report().counts.OnFailureDestinationDeliveryErrorCount).toBe(1);
    endpoint.close();
  });

  test('K-53 gets a record that exceeds the payload limit, without an invocation', async () => {
    const failureFolder = join(tmpdir(), `failures-${randomUUID()}`);
    const topic = await kafka.topic(1, { 'max.message.bytes': '8000000' });
    await kafka.produce(topic, [{ value: 'before' }]);
    await kafka.produce(topic, [{ value: Buffer.alloc(5_000_000, 1) }]);
    await kafka.produce(topic, [{ value: 'after' }]);
    const rig = await start({ Topics: [topic], ...withDestination(SQS_ARN) }, undefined, {
      failureFolder,
    });
    await untilCommitted(rig, topic, 3);
    expect(rig.records().map(({ offset }) => offset)).toEqual([0, 2]);
    const [file = ''] = readdirSync(join(failureFolder, 'sqs/dlq'));
    const body = JSON.parse(readFileSync(join(failureFolder, 'sqs/dlq', file), 'utf8'));
    expect(body).toMatchObject({
      requestContext: { condition: 'MaximumPayloadSizeExceeded', approximateInvokeCount: 0 },
      responseContext: null,
    });
  });
});

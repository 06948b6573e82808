import { describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { createRequire } from 'node:module';
import { frameSchema } from '../lib/domain/frame.ts';
import { clientMessageSchema, serverMessageSchema } from '../lib/domain/socket-message.ts';
import { updateLineSchema } from '../lib/domain/update-line.ts';
import { answerTo } from '../lib/adapters/tcp/handshake.ts';
import { deadLetterTopicSchema } from '../lib/usecases/dead-letters.ts';
import { asyncApiDocument } from '../scripts/lib/api/asyncapi.ts';
import { messages } from '../scripts/lib/api/messages.ts';
import { openApiDocument } from '../scripts/lib/api/openapi.ts';
import { readManifest } from '../scripts/lib/repository-links.ts';
import { asyncApi, mismatches, openApi, openApiExamples, resolve } from './support/api-documents.ts';

const require = createRequire(import.meta.url);
const { version } = readManifest('.');
const plain = (document: unknown) => JSON.parse(JSON.stringify(document)) as unknown;

test('docs/openapi.json and docs/asyncapi.json are up to date (if not, run `npm run docs`)', () => {
  expect(openApi).toEqual(plain(openApiDocument(version)));
  expect(asyncApi).toEqual(plain(asyncApiDocument(version)));
});

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(plain(openApi) as Record<string, unknown>)).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('has no reference to a missing part', () => {
    expect(references(openApi).filter(($ref) => resolve(openApi, { $ref }) === undefined)).toEqual([]);
  });

  test('has examples that match their schemas', () => {
    const examples = openApiExamples();
    expect(examples.length).toBeGreaterThan(20);
    const wrong = examples.flatMap(({ what, schema, value }) =>
      mismatches(schema, value).map((why) => `${what}: ${why}`),
    );
    expect(wrong).toEqual([]);
  });
});

const references = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === '$ref' && typeof each === 'string' ? [each] : references(each),
  );
};

describe('the AsyncAPI document', () => {
  const { channels, operations, components } = asyncApiDocument(version);
  /** AsyncAPI's schemas are those of draft 7. */
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv).addFormat('base64', true);

  test('is valid AsyncAPI 3.0', () => {
    // It contains the schema of draft 7, which Ajv would add a second time.
    const schema = require('@asyncapi/specs/schemas/3.0.0.json') as object;
    const check = new Ajv({ strict: false, meta: false, validateSchema: false, validateFormats: false }).compile(
      schema,
    );
    check(asyncApi);
    expect(check.errors).toBeNull();
  });

  test('has no reference to a missing part', () => {
    expect(references(asyncApi).filter(($ref) => resolve(asyncApi, { $ref }) === undefined)).toEqual([]);
  });

  test('each operation and reply uses messages of its channel', () => {
    const foreign = Object.values(operations)
      .flatMap((each) => [each, ...(each.reply ? [each.reply] : [])])
      .flatMap(({ channel, messages: used }) =>
        used.filter(({ $ref }) => !$ref.startsWith(`${channel.$ref}/messages/`)),
      );
    expect(foreign).toEqual([]);
  });

  test('each channel has an operation, and each message a channel', () => {
    const used = new Set(Object.values(operations).map(({ channel }) => channel.$ref));
    expect([...used].sort()).toEqual(
      Object.keys(channels)
        .map((name) => `#/channels/${name}`)
        .sort(),
    );
    const sent = Object.values(channels).flatMap((channel) => Object.keys(channel.messages));
    expect([...new Set(sent)].sort()).toEqual(Object.keys(components.messages).sort());
  });

  test('each channel describes the parameters in its address', () => {
    for (const { address, parameters = {} } of Object.values(channels))
      expect([...(address ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name)).toEqual(Object.keys(parameters));
  });

  test('has examples that match their schemas', () => {
    for (const { payload, examples } of Object.values(messages)) {
      const check = ajv.compile(payload);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(check(example.payload) || check.errors).toBe(true);
    }
  });

  const { Frame, Room, Ping, Tap, Ack, Pong, Error: Failure, UpdateLine, DeadLetter, ReplayMark } = messages;
  test.each([
    ['frames', frameSchema, [Frame]],
    ['messages of clients', clientMessageSchema, [Room, Ping, Tap]],
    ['messages to clients', serverMessageSchema, [Frame, Ack, Pong, Failure]],
    ['lines', updateLineSchema, [UpdateLine]],
    ['dead letters', deadLetterTopicSchema, [DeadLetter, ReplayMark]],
  ])('the platform reads the examples: %s', (_what, schema, described) => {
    for (const { payload } of described.flatMap(({ examples }) => examples))
      expect(schema.parse(payload)).toEqual(payload);
  });

  test('a client answers the challenge of the example', () => {
    const [challenge, response] = [messages.Challenge, messages.Response].map(({ examples }) => examples[0]?.payload);
    expect(answerTo(JSON.stringify(challenge))).toBe(`${JSON.stringify(response)}\n`);
  });
});

import { createDocument, type ZodOpenApiResponseObject, type ZodOpenApiResponsesObject } from 'zod-openapi';
import { z } from 'zod';
import { MAX_BODY_BYTES } from '../../../lib/adapters/http.ts';
import { clientId } from '../../../lib/domain/reaction.ts';
import {
  errorSchema,
  healthySchema,
  liveSchema,
  queuedSchema,
  registeredSchema,
  unhealthySchema,
  unregisteredSchema,
} from './answers.ts';
import { portable } from './described.ts';
import { bodyOf } from './examples.ts';
import { batchOf, registration, roomParameter, tapSchema } from './schemas.ts';

/** Schemas that the document names. */
const named = <T extends z.ZodType>(id: string, schema: T): T => schema.meta({ id });
const Tap = named('Tap', tapSchema);
const TapBatch = named('TapBatch', batchOf(Tap));
const Problem = named('Error', errorSchema);

const header = (id: string, description: string, type: z.ZodType = z.string()) =>
  type.meta({ description, header: { id } });
const optional = z.string().optional();

/** Absent from answers of API Gateway itself, or of the local server. */
const common = { 'x-request-id': header('RequestId', 'The id of the request in the logs.', optional) };
const retryAfter = { 'retry-after': header('RetryAfter', 'When the same request may succeed (s).') };
/** Absent while Redis does not answer, because then there are no limits. */
const limits = {
  ratelimit: header('RateLimit', 'The state of the most restrictive limit: `"user";r=39;t=0`.', optional),
  'ratelimit-policy': header('RateLimitPolicy', 'The most restrictive limit: `"user";q=40;w=2`.', optional),
  'ratelimit-limit': header('RateLimitLimit', 'The size of the limit.', optional),
  'ratelimit-remaining': header('RateLimitRemaining', 'What is left of the limit.', optional),
  'ratelimit-reset': header('RateLimitReset', 'When all of the limit is available again (s).', optional),
};
const challenge = { 'www-authenticate': header('WwwAuthenticate', 'What the token lacks (RFC 6750).') };

type Headers = Record<string, z.ZodType>;

const answer = (description: string, schema: z.ZodType, examples: Record<string, unknown>, headers: Headers = {}) =>
  ({
    description,
    headers: z.object({ ...common, ...headers }),
    content: {
      'application/json': {
        schema,
        examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])),
      },
    },
  }) satisfies ZodOpenApiResponseObject;

const problem = (description: string, examples: Record<string, unknown>, headers?: Headers) =>
  answer(description, Problem, examples, headers);

/** An answer of several calls. */
const shared = (id: string, ...content: Parameters<typeof problem>) => ({ ...problem(...content), id });

/** Answers of every call that reads a token, a limit or a body. */
const SHARED = {
  401: shared(
    'Unauthorized',
    'The token is missing, invalid or has ended (with `AUTH_MODE=jwt`).',
    { missing: { error: 'A token is required: Authorization: Bearer …' } },
    challenge,
  ),
  403: shared(
    'Forbidden',
    'The token does not allow this (with `AUTH_MODE=jwt`); `details` names each user, client and room.',
    {
      room: {
        error: 'The token does not allow this',
        details: [{ path: 'room_id', message: 'must be one of the rooms of the token' }],
      },
    },
    challenge,
  ),
  429: shared(
    'RateLimited',
    'A limit is exceeded. Nothing has been queued or registered.',
    {
      user: {
        error: 'Too many taps',
        details: [{ path: 'user_id', message: 'u1 may send 40 taps at once and as many more every 2 s' }],
      },
    },
    { ...retryAfter, ...limits },
  ),
  500: shared('InternalError', 'An error of the platform; its log has the details.', {
    error: { error: 'Internal error' },
  }),
  503: shared(
    'Unavailable',
    'The broker or Redis does not answer, or too much is being processed.',
    { broker: { error: 'The broker did not acknowledge in time' } },
    retryAfter,
  ),
} satisfies ZodOpenApiResponsesObject;

const TOO_LARGE = shared('TooLarge', `The body has more than ${MAX_BODY_BYTES} bytes.`, {
  large: { error: `The body must not be larger than ${MAX_BODY_BYTES} bytes` },
});

/** Nothing, or a token with this scope. */
const security = (scope: string) => [{}, { token: [scope] }];

const json = (schema: z.ZodType, examples: Record<string, unknown>) => ({
  required: true,
  content: {
    'application/json': {
      schema,
      examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])),
    },
  },
});

const client = clientId.meta({ description: 'The id with which the client has registered.', examples: ['alice'] });

/** The OpenAPI document of the HTTP API. */
export const openApiDocument = (version: string) =>
  createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Emoji Streaming Platform: HTTP API',
        version,
        description:
          'Counts the emojis that a live crowd taps. The media type and the charset of a body are ignored: it must be a JSON object in UTF-8, without a content encoding. Unknown fields are dropped. Every answer is JSON. WebSocket, TCP and topics are in the AsyncAPI document.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [
        { url: 'http://localhost:5013', description: '`npm start` on this machine' },
        {
          url: 'https://{api}.execute-api.{region}.amazonaws.com',
          description: 'A deployed stage',
          variables: { api: { default: 'api' }, region: { default: 'eu-west-1' } },
        },
      ],
      tags: [
        { name: 'taps', description: 'Sending taps.' },
        { name: 'clients', description: 'Clients that get updates over TCP.' },
        { name: 'counts', description: 'Reading counts.' },
        { name: 'operation', description: 'Running the platform.' },
      ],
      paths: {
        '/emoji': {
          post: {
            operationId: 'sendTaps',
            tags: ['taps'],
            summary: 'Send a tap, or up to 500 of them',
            description:
              'Taps are accepted or rejected as a whole. A request that gets no answer, or 503, may be sent again unchanged if its taps have an `event_id`.',
            security: security('tap'),
            requestBody: json(z.union([Tap, TapBatch]), {
              tap: bodyOf('http-post-emoji'),
              batch: bodyOf('http-post-emoji-batch'),
            }),
            responses: {
              200: answer(
                'All in-sync replicas of the broker have acknowledged every tap.',
                named('Queued', queuedSchema),
                {
                  tap: { status: 'success', message: 'Emoji data queued successfully' },
                  batch: { status: 'success', message: 'Emoji data queued successfully', accepted: 5 },
                },
                limits,
              ),
              400: problem('The body is invalid. No tap has been queued.', {
                missing: { error: 'Missing required fields' },
                invalid: {
                  error: 'Invalid emoji data',
                  details: [{ path: 'emoji_type', message: 'must be exactly one emoji or a configured short code' }],
                },
              }),
              413: TOO_LARGE,
              ...SHARED,
            },
          },
        },
        '/register': {
          post: {
            operationId: 'registerClient',
            tags: ['clients'],
            summary: 'Register or refresh a client',
            description:
              'The client gets at most one message per second over TCP: a line of JSON per window and emoji. The registration ends after 10 minutes (`CLIENT_TTL_SECONDS`) unless it is refreshed, or when deliveries have failed for 30 s.',
            security: security('watch'),
            requestBody: json(named('Registration', registration), { client: bodyOf('http-post-register') }),
            responses: {
              200: answer(
                'The client is registered.',
                named('Registered', registeredSchema),
                { client: { message: 'Client alice registered successfully.', subscriber_id: 0, cluster_id: 0 } },
                limits,
              ),
              400: problem('The body is invalid, or updates must not be delivered to this host and port.', {
                missing: { error: 'Client ID and port are required' },
                host: {
                  error: 'Invalid registration',
                  details: [
                    {
                      path: 'host',
                      message: 'must be a host to which updates may be delivered (DELIVERY_ALLOWED_HOSTS)',
                    },
                  ],
                },
              }),
              413: TOO_LARGE,
              ...SHARED,
            },
          },
        },
        '/register/{client_id}': {
          delete: {
            operationId: 'unregisterClient',
            tags: ['clients'],
            summary: 'Remove a client',
            security: security('watch'),
            requestParams: { path: z.object({ client_id: client }) },
            responses: {
              200: answer(
                'The client is removed.',
                named('Unregistered', unregisteredSchema),
                { client: { message: 'Client alice unregistered successfully.' } },
                limits,
              ),
              400: problem('The id is invalid.', {
                invalid: { error: 'Invalid client ID', details: [{ path: '', message: 'must not be empty' }] },
              }),
              404: problem('No such client is registered.', {
                unknown: { error: 'Client alice is not registered' },
              }),
              ...SHARED,
            },
          },
        },
        '/live': {
          get: {
            operationId: 'readCounts',
            tags: ['counts'],
            summary: 'Read the newest windows and the totals of a room',
            description: 'Needs no token with `LIVE_PUBLIC=true`. A CDN may cache the answer for a second.',
            security: security('watch'),
            requestParams: { query: z.object({ room_id: roomParameter }) },
            responses: {
              200: answer(
                'The counts of the room; a room without taps is empty.',
                named('Live', liveSchema),
                {
                  room: {
                    ...{ room_id: 'events', window_ms: 2000, aggregation_ratio: 1000 },
                    windows: [
                      {
                        start: '2026-05-01T20:45:00.000Z',
                        end: '2026-05-01T20:45:02.000Z',
                        final: false,
                        counts: [{ emoji_type: '🔥', raw_count: 30, scaled_count: 1 }],
                      },
                    ],
                    totals: [{ emoji_type: '🔥', raw_count: 1830, scaled_count: 2 }],
                    late: 0,
                    socket_url: 'ws://localhost:3001',
                  },
                },
                { 'cache-control': z.string().meta({ description: 'How long the answer may be cached.' }) },
              ),
              400: problem('The room id is invalid.', {
                invalid: { error: 'Invalid query', details: [{ path: 'room_id', message: 'must not be empty' }] },
              }),
              ...SHARED,
            },
          },
        },
        '/health': {
          get: {
            operationId: 'checkHealth',
            tags: ['operation'],
            summary: 'Check the broker and Redis',
            description: 'The check is at most 2 s old (30 s for settings of topics), so frequent calls cost little.',
            security: [],
            responses: {
              200: answer(
                'The broker and Redis answer and have the settings that exact counts need.',
                named('Healthy', healthySchema),
                {
                  healthy: { status: 'ok', broker: 'up', redis: 'up' },
                },
              ),
              500: SHARED[500],
              503: answer(
                'One of them does not answer, or has a setting that can lose counts.',
                named('Unhealthy', unhealthySchema),
                {
                  down: {
                    ...{ status: 'unavailable', error: 'Does not answer: broker' },
                    ...{ broker: 'down', redis: 'up' },
                  },
                  misconfigured: {
                    ...{ status: 'unavailable', error: 'Has wrong settings: redis' },
                    details: [{ path: 'redis', message: 'maxmemory-policy must be noeviction (it is volatile-lru)' }],
                    ...{ broker: 'up', redis: 'misconfigured' },
                  },
                },
                retryAfter,
              ),
            },
          },
        },
      },
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description:
              'Needed with `AUTH_MODE=jwt`. The claims are `sub` (the user), `scope` (`tap`, `watch`, `admin`), `rooms` and `exp`.',
          },
        },
      },
    },
    { override: portable },
  );

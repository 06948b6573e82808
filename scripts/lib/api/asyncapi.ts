import { z } from 'zod';
import {
  clusterTopic,
  DEAD_LETTER_TOPIC,
  REACTION_TOPIC,
  topicDefinitions,
  UPDATE_TOPIC,
} from '../../../lib/config/topics.ts';
import { variables } from '../../../lib/config/variables.ts';
import type { AsyncApi, Channel, Operation } from './asyncapi-types.ts';
import { jsonSchema, type MessageName, messages } from './messages.ts';
import { roomParameter } from './schemas.ts';

const ref = (...path: string[]) => ({ $ref: `#/${path.join('/')}` });

const channel = (
  server: string,
  names: readonly MessageName[],
  rest: Omit<Channel, 'servers' | 'messages'>,
): Channel => ({
  ...rest,
  servers: [ref('servers', server)],
  messages: Object.fromEntries(names.map((name) => [name, ref('components', 'messages', name)])),
});

const definitions = topicDefinitions({
  clusters: 1,
  subscribersPerCluster: variables.SUBSCRIBERS_PER_CLUSTER.parse(undefined),
});

const topic = (name: string, title: string, description: string, names: readonly MessageName[]): Channel => {
  const found = definitions.find((each) => each.topic === name);
  if (found === undefined) throw new Error(`there is no topic ${name}`);
  const { partitions, retentionMs, config } = found;
  return channel('broker', names, {
    address: name,
    ...{ title, description },
    bindings: {
      kafka: {
        partitions,
        topicConfiguration: { 'retention.ms': retentionMs, ...config },
        bindingVersion: '0.5.0',
      },
    },
  });
};

const connection = z.object({
  room_id: roomParameter,
  token: z.string().optional().meta({
    description: 'A token, for browsers, which can not set headers of a WebSocket. Only with `AUTH_MODE=jwt`.',
  }),
});
const headers = z.object({
  authorization: z.string().optional().meta({ description: '`Bearer` and a token, instead of the parameter `token`.' }),
  origin: z.string().optional().meta({ description: 'Of a web page; it must be one of `CORS_ORIGINS`.' }),
});

const channels = {
  taps: topic(
    REACTION_TOPIC,
    'Taps',
    'The taps that were answered 200, spread evenly over the partitions; taps with an `event_id` by their user.',
    ['Reaction'],
  ),
  counts: topic(
    UPDATE_TOPIC,
    'Counts',
    'The rooms that a batch of taps has changed: one frame per room and batch, keyed by room.',
    ['Frame'],
  ),
  clusterCounts: {
    ...topic(
      clusterTopic(0),
      'Counts for a cluster of subscribers',
      'Partition n is for subscriber n of the cluster: one frame per room and second.',
      ['Frame'],
    ),
    address: 'cluster_{cluster}_emoji',
    parameters: { cluster: { description: 'The number of the cluster, from 0.', examples: ['0'] } },
  },
  deadLetters: topic(DEAD_LETTER_TOPIC, 'Dead letters', 'Records that could not be read; see `npm run dlq`.', [
    'DeadLetter',
    'ReplayMark',
  ]),
  socket: channel('sockets', ['Room', 'Ping', 'Tap', 'Frame', 'Ack', 'Pong', 'Error'], {
    address: '/',
    title: 'A WebSocket',
    description:
      'For viewers: each message is one JSON object, sent as text, of at most 32 KB. A connection is refused with an HTTP status: 400 (invalid room), 401, 403 (scope, room or origin), 429 or 503. Types that a client does not know are to be ignored.',
    bindings: {
      ws: { method: 'GET', query: jsonSchema(connection), headers: jsonSchema(headers), bindingVersion: '0.1.0' },
    },
  }),
  updates: channel('client', ['UpdateLine', 'Challenge', 'Response'], {
    address: null,
    title: 'A TCP connection',
    description:
      'For clients that have registered (`POST /register`): the platform connects to their host and port and keeps the connection. Each message is a line of JSON, ended by a line feed.',
  }),
} satisfies Record<string, Channel>;

type ChannelName = keyof typeof channels;

const operation = (
  action: Operation['action'],
  name: ChannelName,
  sent: readonly MessageName[],
  [title, summary]: [title: string, summary: string],
  answers: readonly MessageName[] = [],
): Operation => {
  const refs = (names: readonly MessageName[]) => names.map((each) => ref('channels', name, 'messages', each));
  return {
    ...{ action, title, summary },
    channel: ref('channels', name),
    messages: refs(sent),
    ...(answers.length > 0 ? { reply: { channel: ref('channels', name), messages: refs(answers) } } : {}),
  };
};

const operations = {
  ingest: operation(
    'send',
    'taps',
    ['Reaction'],
    ['Queue taps', '`ingest`, for `POST /emoji` and taps of a WebSocket, with acks=all.'],
  ),
  count: operation(
    'receive',
    'taps',
    ['Reaction'],
    ['Count taps', '`aggregate` counts each tap once, in batches of up to a second.'],
  ),
  publishCounts: operation(
    'send',
    'counts',
    ['Frame'],
    ['Publish counts', '`aggregate`, and `finalize` when a window is over.'],
  ),
  setAside: operation(
    'send',
    'deadLetters',
    ['DeadLetter', 'ReplayMark'],
    ['Set records aside', '`aggregate`, for records that it can not read; `npm run dlq` adds marks.'],
  ),
  fanOut: operation(
    'receive',
    'counts',
    ['Frame'],
    ['Fan out to clusters', '`cluster-fanout` merges the frames of a room and second.'],
  ),
  sendToSubscribers: operation(
    'send',
    'clusterCounts',
    ['Frame'],
    ['Send to subscribers', '`cluster-fanout`, to each subscriber with viewers of the room.'],
  ),
  deliver: operation(
    'receive',
    'clusterCounts',
    ['Frame'],
    ['Deliver to viewers', '`subscriber-fanout` sends the frames to the viewers of their rooms.'],
  ),
  sendFrame: operation(
    'send',
    'socket',
    ['Frame'],
    ['Send a frame to a viewer', 'At most one per room and second, and none while nothing changes.'],
  ),
  enterRoom: operation(
    'receive',
    'socket',
    ['Room'],
    ['Enter a room', 'Answered with the newest windows and all totals of the room.'],
    ['Frame', 'Error'],
  ),
  receiveTaps: operation(
    'receive',
    'socket',
    ['Tap'],
    ['Receive taps', 'Answered when the broker has acknowledged every tap.'],
    ['Ack'],
  ),
  keepConnection: operation(
    'receive',
    'socket',
    ['Ping'],
    ['Keep a connection', 'Refreshes the registration.'],
    ['Pong', 'Error'],
  ),
  sendUpdate: operation(
    'send',
    'updates',
    ['UpdateLine'],
    ['Send an update to a client', 'At most one write per room and second: a line per window and emoji.'],
  ),
  challengeClient: operation(
    'send',
    'updates',
    ['Challenge'],
    ['Challenge a client', 'Makes sure that the other side is a client; only with `DELIVERY_HANDSHAKE=nonce`.'],
    ['Response'],
  ),
} satisfies Record<string, Operation>;

/** The AsyncAPI document of topics, WebSockets and TCP, from the point of view of the platform. */
export const asyncApiDocument = (version: string): AsyncApi => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Emoji Streaming Platform: topics, WebSockets and TCP',
    version,
    description:
      'The messages between the functions, and those of viewers. All are JSON in UTF-8. The HTTP API is in the OpenAPI document.',
    license: { name: 'MIT' },
  },
  defaultContentType: 'application/json',
  servers: {
    broker: { host: 'localhost:9092', protocol: 'kafka', description: 'Kafka or Redpanda (`KAFKA_BROKERS`).' },
    sockets: {
      host: 'localhost:3001',
      protocol: 'ws',
      description: 'WebSockets of `npm start`. `socket_url` of `GET /live` names those of a stage (`wss`).',
    },
    client: {
      host: '{host}:{port}',
      protocol: 'tcp',
      description: 'A client: it listens, and the platform connects.',
      variables: {
        host: { default: 'localhost', description: 'The `host` of the registration.' },
        port: { default: '6000', description: 'Its `port`.' },
      },
    },
  },
  channels,
  operations,
  components: {
    messages: Object.fromEntries(Object.entries(messages).map(([name, message]) => [name, { name, ...message }])),
  },
});

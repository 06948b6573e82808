// The parts of an AsyncAPI 3.0 document that ours uses.

interface Ref {
  $ref: string;
}

type Schema = object;

interface Server {
  host: string;
  protocol: 'kafka' | 'ws' | 'wss' | 'tcp';
  pathname?: string;
  description: string;
  variables?: Record<string, { default: string; description: string }>;
}

export interface Message {
  title: string;
  summary: string;
  contentType: 'application/json';
  payload: Schema;
  examples: { payload: unknown }[];
  bindings?: { kafka: { key: Schema; bindingVersion: '0.5.0' } };
}

interface KafkaChannel {
  partitions: number;
  topicConfiguration: Record<string, unknown>;
  bindingVersion: '0.5.0';
}

interface SocketChannel {
  method: 'GET';
  query: Schema;
  headers: Schema;
  bindingVersion: '0.1.0';
}

export interface Channel {
  /** null: not known before run time. */
  address: string | null;
  title: string;
  description: string;
  servers: Ref[];
  parameters?: Record<string, { description: string; examples: string[] }>;
  messages: Record<string, Ref>;
  bindings?: { kafka: KafkaChannel } | { ws: SocketChannel };
}

export interface Operation {
  /** `send`: the platform sends the messages. `receive`: it processes them. */
  action: 'send' | 'receive';
  channel: Ref;
  title: string;
  summary: string;
  messages: Ref[];
  reply?: { channel: Ref; messages: Ref[] };
}

export interface AsyncApi {
  asyncapi: '3.0.0';
  info: { title: string; version: string; description: string; license: { name: string } };
  defaultContentType: 'application/json';
  servers: Record<string, Server>;
  channels: Record<string, Channel>;
  operations: Record<string, Operation>;
  components: { messages: Record<string, Message & { name: string }> };
}

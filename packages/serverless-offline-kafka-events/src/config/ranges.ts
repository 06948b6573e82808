import { z } from 'zod';

/** A whole number in a range, with an error that states the range. */
export const between = (min: number, max: number): z.ZodInt => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int(error).min(min, error).max(max, error);
};

export const oneOf = <const T extends readonly string[]>(values: T): z.ZodEnum<{ [K in T[number]]: K }> =>
  z.enum(values, { error: `must be ${values.join(', ').replace(/, ([^,]*)$/, ' or $1')}` });

export const topicName = z
  .string('must be one topic name: use one mapping per topic')
  .regex(/^[^.]([a-zA-Z0-9\-_.]+)$/, 'must be a Kafka topic name: 2 to 249 letters, digits and . _ -')
  .max(249, 'must have at most 249 characters');

export const groupId = z
  .string()
  .regex(/^[a-zA-Z0-9\-/*:_+=.@]{1,200}$/, 'must be 1 to 200 letters, digits and - / * : _ + = . @');

const PORT = /^(.+):(\d{1,5})$/;
const hasPort = (server: string, host: RegExp): boolean => {
  const [, name = '', port = ''] = PORT.exec(server) ?? [];
  return host.test(name) && Number(port) >= 1 && Number(port) <= 65_535;
};
const IPV6 = /^\[[0-9a-fA-F:.]+\]$/;
const HOST = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const LABEL = '[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?';
/** As the API of Lambda requires it: no underscores, no IPv6. */
const DEPLOYED_HOST = new RegExp(`^(${LABEL}\\.)*${LABEL}$`);

/** Whether this is a server that a local client can connect to. */
export const isLocalServer = (server: string): boolean => hasPort(server, HOST) || hasPort(server, IPV6);

export const SERVER_RULE = 'must be host:port without a protocol, with a port from 1 to 65535';

/** An entry of KafkaBootstrapServers. */
export const deployedServer = z.string().refine((server) => hasPort(server, DEPLOYED_HOST), SERVER_RULE);

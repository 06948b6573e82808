import type { APIGatewayProxyEventV2, MSKEvent, MSKRecord } from 'aws-lambda';

interface HttpOptions {
  method?: string;
  body?: unknown;
  /** A binary body, instead of `body`. */
  bytes?: Buffer;
  query?: Record<string, string>;
  path?: Record<string, string>;
  headers?: Record<string, string>;
}

/** The event of an HTTP API (payload 2.0) with the fields that the functions use. */
export const httpEvent = ({
  method = 'POST',
  body,
  bytes,
  query,
  path,
  headers = {},
}: HttpOptions = {}): APIGatewayProxyEventV2 =>
  ({
    requestContext: { requestId: 'request-1', http: { method, sourceIp: '192.0.2.1' } },
    headers,
    isBase64Encoded: bytes !== undefined,
    body: bytes?.toString('base64') ?? (typeof body === 'string' ? body : body && JSON.stringify(body)),
    queryStringParameters: query,
    pathParameters: path,
  }) as unknown as APIGatewayProxyEventV2;

interface SocketOptions {
  connection?: string;
  body?: unknown;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  eventType?: string;
}

/** The event of a WebSocket API with the fields that the functions use. */
export const socketEvent = (
  eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT',
  { connection = 'L0SM9cOFvHcCIhw=', body, query, headers, ...context }: SocketOptions = {},
) => ({
  requestContext: {
    ...{ connectionId: connection, requestId: 'request-1', identity: { sourceIp: '192.0.2.1' }, eventType },
    ...context,
  },
  isBase64Encoded: false,
  ...(headers ? { headers } : {}),
  ...(query ? { queryStringParameters: query } : {}),
  ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
});

interface RecordOptions {
  topic?: string;
  partition?: number;
  /** The offset of the first value. */
  from?: number;
  /** Of every record (ms). The default is the same for redelivered records, and later than all taps of tests. */
  timestamp?: number;
  /** Whether the broker set the time when it appended the records. */
  isAppendTime?: boolean;
  key?: Buffer;
}

/**
 * The event of an event source mapping with the records of one topic partition. Strings and bytes are used unchanged,
 * other values as JSON; `null` is a record without a value.
 */
export const kafkaEvent = (
  values: readonly unknown[],
  {
    topic = 'emoji_topic',
    partition = 0,
    from = 0,
    timestamp = Date.UTC(2100, 0),
    isAppendTime = false,
    key,
  }: RecordOptions = {},
): Pick<MSKEvent, 'records'> => {
  const encode = (value: unknown) =>
    Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const records = values.map((value, n) => ({
    topic,
    partition,
    offset: from + n,
    timestamp,
    timestampType: isAppendTime ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    ...(key ? { key: key.toString('base64') } : {}),
    value: value === null ? null : encode(value).toString('base64'),
    headers: [],
  }));
  return { records: { [`${topic}-${partition}`]: records as unknown as MSKRecord[] } };
};

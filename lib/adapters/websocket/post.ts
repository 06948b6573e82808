import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
  type ApiGatewayManagementApiClientConfig,
} from '@aws-sdk/client-apigatewaymanagementapi';

/** `gone`: the connection is closed. `throttled`: too many posts. `refused`: the same post will never be accepted. */
export type Outcome = 'sent' | 'gone' | 'throttled' | 'refused' | 'failed';

/** Sends data to a connection. Never rejects. */
export type Post = (connection: string, data: Uint8Array) => Promise<{ outcome: Outcome; error?: unknown }>;

interface Options {
  endpoint: string;
  /** Maximum number of open requests. */
  concurrency: number;
  /** A post fails when it is not answered after this time (ms). */
  timeoutMs: number;
  /** serverless-offline requires a signature but does not check it. */
  isLocal: boolean;
}

const LOCAL: ApiGatewayManagementApiClientConfig = {
  region: 'local',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

/** Posts through the management API of API Gateway, or of serverless-offline. */
export const createPost = ({ endpoint, concurrency, timeoutMs, isLocal }: Options): Post => {
  const agent = { keepAlive: true, maxSockets: concurrency };
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    // Without it, the SDK assembles its handlers for every post, which takes a third of the time.
    cacheMiddleware: true,
    maxAttempts: 1, // the delivery retries, with the newest frame
    requestHandler: {
      ...{ connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
      ...{ httpAgent: agent, httpsAgent: agent },
    },
    ...(isLocal ? LOCAL : {}),
  });
  return async (connection, data) => {
    try {
      await client.send(new PostToConnectionCommand({ ConnectionId: connection, Data: data }));
      return { outcome: 'sent' };
    } catch (error) {
      return { outcome: outcomeOf(error), error };
    }
  };
};

const GONE = 410;
const THROTTLED = 429;

const outcomeOf = (error: unknown): Outcome => {
  const { $metadata } = (error ?? {}) as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  if (status === GONE) return 'gone';
  if (status === THROTTLED) return 'throttled';
  return status >= 400 && status < 500 ? 'refused' : 'failed';
};

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

interface Matched {
  /** As in serverless.yml: `DELETE /register/{client_id}`. */
  route: string;
  parameters: Record<string, string>;
}

/** A repeated header or query parameter is one text, separated by commas, as API Gateway passes it on. */
const joined = (values: Iterable<[string, string[] | undefined]>): Record<string, string> =>
  Object.fromEntries([...values].flatMap(([name, each]) => (each ? [[name, each.join(',')] as const] : [])));

const queryOf = (search: string): Record<string, string> | undefined => {
  if (search === '') return undefined;
  const query = new URLSearchParams(search);
  return joined([...new Set(query.keys())].map((name) => [name, query.getAll(name)]));
};

/**
 * The event that API Gateway's HTTP API (payload 2.0) makes of a request.
 * The body is always in base64, so that bytes that are not UTF-8 arrive as they were sent.
 * @param sourceIp the address of the client, which a proxy may have passed on
 */
export const toEvent = (
  request: IncomingMessage,
  body: Buffer,
  { route, parameters }: Matched,
  sourceIp: string,
): APIGatewayProxyEventV2 => {
  const [path = '', search = ''] = (request.url ?? '').split(/\?(.*)/s);
  const { cookie, ...headers } = joined(Object.entries(request.headersDistinct));
  const now = new Date();
  const query = queryOf(search);
  return {
    version: '2.0',
    routeKey: route,
    rawPath: path,
    rawQueryString: search,
    headers,
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    ...(query === undefined ? {} : { queryStringParameters: query }),
    ...(Object.keys(parameters).length === 0 ? {} : { pathParameters: parameters }),
    requestContext: {
      accountId: '',
      apiId: '',
      domainName: headers.host ?? '',
      domainPrefix: '',
      http: {
        method: request.method ?? '',
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: route,
      stage: '$default',
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length === 0 ? {} : { body: body.toString('base64') }),
    isBase64Encoded: body.length > 0,
  };
};

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { PlatformError, type ErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import { invalid } from '../usecases/parse.ts';

export const MAX_BODY_BYTES = 256 * 1024;

const STATUS: Record<ErrorCode, number> = {
  invalid_request: 400,
  host_refused: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  payload_too_large: 413,
  rate_limited: 429,
  overloaded: 503,
  broker_unavailable: 503,
  store_unavailable: 503,
  keys_unavailable: 503,
  delivery_failed: 502,
  invalid_config: 500,
};

const RETRY_AFTER_SECONDS = 1;

export interface HttpResponse {
  status: number;
  body: Record<string, unknown>;
  headers?: Record<string, string>;
}

type HttpHandler = (event: APIGatewayProxyEventV2, context?: Context) => Promise<APIGatewayProxyStructuredResultV2>;

/** Answers are data: browsers must not execute, frame or cache them, unless an answer sets other headers. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

/**
 * Creates a handler for API Gateway's HTTP API (payload 2.0) from a function that takes the event and answers or
 * throws. A PlatformError becomes its status with `{error, details?}`; any other error is a 500 without details.
 * @param answer gets a log that adds the request id to every line
 */
export const httpHandler =
  (log: Logger, answer: (event: APIGatewayProxyEventV2, log: Logger) => Promise<HttpResponse>): HttpHandler =>
  async (event, context) => {
    const requestId = context?.awsRequestId ?? event.requestContext.requestId;
    const requestLog = log.with({ requestId });
    try {
      return toResult(await answer(event, requestLog), requestId);
    } catch (error) {
      const response = toErrorResponse(error);
      if (response.status >= 500) requestLog.error('request failed', { error });
      return toResult(response, requestId);
    }
  };

/** The answer to a failed request, also over a WebSocket. */
export const toErrorResponse = (error: unknown): HttpResponse => {
  if (!(error instanceof PlatformError)) return { status: 500, body: { error: 'Internal error' } };
  return {
    status: STATUS[error.code],
    body: { error: error.message, ...(error.details.length > 0 ? { details: error.details } : {}) },
    headers: { ...(error.retriable ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {}), ...error.headers },
  };
};

const toResult = ({ status, body, headers }: HttpResponse, requestId: string): APIGatewayProxyStructuredResultV2 => ({
  statusCode: status,
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'x-request-id': requestId,
    ...SECURITY_HEADERS,
    ...headers,
  },
  body: JSON.stringify(body),
});

/**
 * The JSON body of a request; an absent one is an empty object.
 * @throws PlatformError `payload_too_large` over 256 KiB, `invalid_request` when it is not a JSON object in UTF-8.
 */
export const jsonBody = ({ body, isBase64Encoded, headers }: APIGatewayProxyEventV2): object => {
  // Media type and charset are ignored: the bytes must be JSON in UTF-8.
  const encoding = headers?.['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity') {
    throw invalid('Invalid encoding', [{ path: '', message: 'must be sent without a content-encoding' }]);
  }
  // serverless-offline passes the JSON values false and 0 as such, instead of as text.
  if (typeof (body ?? '') !== 'string') throw notAnObject();
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) {
    throw new PlatformError('payload_too_large', `The body must not be larger than ${MAX_BODY_BYTES} bytes`);
  }
  if (bytes.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid('Invalid JSON', [{ path: '', message: 'must be JSON in UTF-8' }], cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw notAnObject();
  }
  return value;
};

const notAnObject = () => invalid('Invalid request', [{ path: '', message: 'must be a JSON object' }]);

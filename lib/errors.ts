/** Where a value is wrong and what it should be; `path` is dotted (`events.3.emoji_type`). */
export interface Detail {
  path: string;
  message: string;
}

/** All error codes of the platform; the HTTP status is derived from it in `adapters/http.ts`. */
export type ErrorCode =
  | 'invalid_request'
  | 'payload_too_large'
  | 'not_found'
  | 'unauthorized'
  | 'forbidden'
  | 'rate_limited'
  | 'overloaded'
  | 'broker_unavailable'
  | 'store_unavailable'
  | 'keys_unavailable'
  | 'host_refused'
  | 'delivery_failed'
  | 'invalid_config';

const RETRIABLE: ReadonlySet<ErrorCode> = new Set([
  'rate_limited',
  'overloaded',
  'broker_unavailable',
  'store_unavailable',
  'keys_unavailable',
  'delivery_failed',
]);

export class PlatformError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly Detail[];
  /** Headers of the HTTP answer, by lower-case name: `retry-after` (s), `www-authenticate`, … */
  readonly headers: Readonly<Record<string, string>>;

  /** @param message is shown to callers: it says what to do and contains no secrets */
  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: readonly Detail[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'PlatformError';
    this.code = code;
    this.details = options.details ?? [];
    this.headers = options.headers ?? {};
  }

  /** Whether the same call may succeed later. */
  get retriable(): boolean {
    return RETRIABLE.has(this.code);
  }
}

import type { Token } from './tokens.ts';

export interface Answer {
  status: number;
  body?: unknown;
  error?: string | undefined;
  /** ms */
  retryAfterMs?: number | undefined;
  etag?: string | null;
}

export const NO_ANSWER: Answer = { status: 0 };

interface Call {
  token: Token | undefined;
  /** POST, instead of GET. */
  body?: object;
  etag?: string | undefined;
  /** The request outlives the page. */
  keepalive?: boolean;
}

const TIMEOUT_MS = 10_000;

export type Http = (path: string, call: Call) => Promise<Answer>;

export const createHttp =
  (url: string, fetch: typeof globalThis.fetch): Http =>
  async (path, { token, body, etag, keepalive = false }) => {
    try {
      const response = await fetch(url.replace(/\/+$/, '') + path, {
        headers: {
          ...(token && { authorization: `Bearer ${token.text}` }),
          ...(etag ? { 'if-none-match': etag } : {}),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
        keepalive,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const json: unknown = await response.json().catch(() => undefined);
      const { headers, status } = response;
      return {
        status,
        body: json,
        error: (json as { error?: string } | undefined)?.error,
        retryAfterMs: Number(headers.get('retry-after')) * 1000 || undefined,
        etag: headers.get('etag'),
      };
    } catch {
      return NO_ANSWER;
    }
  };

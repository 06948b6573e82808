import http from 'node:http';
import https from 'node:https';

export interface Poster {
  /** @throws an error with a `code` when there was no answer. */
  post(body: string): Promise<{ status: number; retryAfter: string | undefined }>;
  close(): void;
}

/** Servers close a connection that was idle for 5 s, Node's for one; we let go of it before they do. */
const IDLE_MS = 3000;

/** POSTs JSON over connections that are kept open. node:http, because it costs a fifth of what fetch costs. */
export function createPoster(
  url: URL,
  {
    connections,
    timeoutMs,
    headers: more,
  }: { connections: number; timeoutMs: number; headers: Record<string, string> },
): Poster {
  const { Agent, request } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: connections, timeout: IDLE_MS });
  const tooSlow = () => Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
  return {
    post: (body) =>
      new Promise((resolve, reject) => {
        const bytes = Buffer.from(body);
        const headers = { 'content-type': 'application/json', 'content-length': bytes.length, ...more };
        const sent = request(url, { method: 'POST', agent, headers, timeout: timeoutMs }, (response) => {
          response.resume();
          const answer = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
          response.once('error', reject).once('end', () => resolve(answer));
        });
        sent.once('timeout', () => sent.destroy(tooSlow())).once('error', reject);
        sent.end(bytes);
      }),
    close: () => agent.destroy(),
  };
}

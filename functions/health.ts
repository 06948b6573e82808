import { httpHandler } from '../lib/adapters/http.ts';
import { deps } from '../lib/deps.ts';
import type { Logger } from '../lib/log.ts';

interface Deps {
  /** Each resolves when the service answers and rejects when it does not. */
  checks: Record<string, () => Promise<unknown>>;
  log: Logger;
}

/** `GET /health`: 200 when broker and Redis answer, else 503 naming which does not. Anybody may ask. */
export const createHandler = ({ checks, log }: Deps) =>
  httpHandler(log, async () => {
    const results = await Promise.allSettled(Object.values(checks).map((check) => check()));
    const services = Object.keys(checks).map(
      (name, n) => [name, results[n]?.status === 'fulfilled' ? 'up' : 'down'] as const,
    );
    const down = services.flatMap(([name, state]) => (state === 'down' ? [name] : []));
    if (down.length === 0) return { status: 200, body: { status: 'ok', ...Object.fromEntries(services) } };
    return {
      status: 503,
      headers: { 'retry-after': '1' },
      body: { status: 'unavailable', error: `Does not answer: ${down.join(', ')}`, ...Object.fromEntries(services) },
    };
  });

export const handler = createHandler({ checks: deps.healthChecks, log: deps.log.child('health') });

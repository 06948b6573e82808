import { httpHandler } from '../lib/adapters/http.ts';
import { deps } from '../lib/deps.ts';
import type { Logger } from '../lib/log.ts';

interface Deps {
  /**
   * Each resolves with a sentence for each wrong setting of a service, and rejects when the service does not answer.
   * They must be cheap, because anybody may call this without a limit.
   */
  checks: Record<string, () => Promise<readonly string[]>>;
  log: Logger;
}

/**
 * `GET /health`: 200 when broker and Redis answer and have the settings that exact counts need, else 503 with details.
 */
export const createHandler = ({ checks, log }: Deps) =>
  httpHandler(log, async () => {
    const services = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        const problems = await check().catch(() => undefined);
        const state = problems === undefined ? 'down' : problems.length === 0 ? 'up' : 'misconfigured';
        return { name, state, problems: problems ?? [] };
      }),
    );
    const states = Object.fromEntries(services.map(({ name, state }) => [name, state]));
    const named = (state: string) => services.flatMap((each) => (each.state === state ? [each.name] : [])).join(', ');
    const [down, misconfigured] = [named('down'), named('misconfigured')];
    if (!down && !misconfigured) return { status: 200, body: { status: 'ok', ...states } };
    const details = services.flatMap(({ name, problems }) => problems.map((message) => ({ path: name, message })));
    const error = [
      ...(down ? [`Does not answer: ${down}`] : []),
      ...(misconfigured ? [`Has wrong settings: ${misconfigured}`] : []),
    ].join('. ');
    return {
      status: 503,
      headers: { 'retry-after': '1' },
      body: { status: 'unavailable', error, ...(details.length > 0 ? { details } : {}), ...states },
    };
  });

export const handler = createHandler({ checks: deps.healthChecks, log: deps.log.child('health') });

import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { SetupError } from '../../infra/local/errors.ts';
import { fullJitterMs, retryAfterMs } from '../../lib/adapters/backoff.ts';
import type { Registration } from '../../lib/domain/registration.ts';
import { networkReason } from './cli.ts';

const BACKOFF = { firstMs: 500, longestMs: 10_000 };
const TIMEOUT_MS = 10_000;

const assignmentSchema = z.object({ cluster_id: z.int(), subscriber_id: z.int() });
export type Assignment = z.infer<typeof assignmentSchema>;

const refusalSchema = z.object({
  error: z.string(),
  details: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

/** The URL of the API, and headers for every call. */
export interface Api {
  url: URL;
  headers: Record<string, string>;
}

interface RegisterOptions {
  signal: AbortSignal;
  onRetry: (reason: string, waitMs: number) => void;
}

/**
 * Registers, with retries until the platform accepts it.
 * @throws SetupError when the platform rejects it permanently. @throws AbortError
 */
export async function register(
  api: Api,
  registration: Registration,
  { signal, onRetry }: RegisterOptions,
): Promise<Assignment> {
  for (let failures = 1; ; failures++) {
    const { reason, waitMs = 0, ...answer } = await attempt(api, registration, signal);
    if (answer.assignment) return answer.assignment;
    const wait = waitMs + fullJitterMs(failures, BACKOFF);
    onRetry(reason ?? '', wait);
    await sleep(wait, undefined, { signal });
  }
}

interface Attempt {
  assignment?: Assignment;
  reason?: string;
  /** The wait that the platform asked for. */
  waitMs?: number;
}

async function attempt({ url, headers }: Api, registration: Registration, signal: AbortSignal): Promise<Attempt> {
  let answer: Response;
  let body: unknown;
  try {
    answer = await fetch(new URL('register', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(registration),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    body = await answer.json().catch(() => undefined); // not an assignment
  } catch (error) {
    signal.throwIfAborted();
    return { reason: `no answer from ${url.origin} (${networkReason(error)})` };
  }
  const assignment = assignmentSchema.safeParse(body);
  if (answer.ok && assignment.success) return { assignment: assignment.data };
  const refusal = refusalSchema.safeParse(body).data;
  const details = refusal?.details.map(({ path, message }) => `${path} ${message}`) ?? [];
  const reason = `${url.origin} answered ${answer.status}: ${[refusal?.error ?? 'not an answer of the platform', ...details].join('; ')}`;
  if (answer.status < 500 && answer.status !== 429) throw new SetupError(`Not registered: ${reason}.`);
  return { reason, waitMs: retryAfterMs(answer.headers.get('retry-after')) };
}

/** Resolves with undefined, or with the reason why the client is still registered. */
export async function unregister({ url, headers }: Api, clientId: string): Promise<string | undefined> {
  try {
    const answer = await fetch(new URL(`register/${encodeURIComponent(clientId)}`, url), {
      method: 'DELETE',
      headers,
      signal: AbortSignal.timeout(3000),
    });
    await answer.body?.cancel();
    return answer.ok || answer.status === 404 ? undefined : `${url.origin} answered ${answer.status}`;
  } catch (error) {
    return `no answer from ${url.origin} (${networkReason(error)})`;
  }
}

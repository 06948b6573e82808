import { call } from './http.ts';
import { waitFor } from './wait.ts';

/** A room for these taps, without viewers. */
const ROOM = 'warm-up';
const AT_ONCE = 20;
const COUNTED_WITHIN_MS = 10_000;
/** Number of rounds until most code is compiled, and the maximum time for them. */
const ROUNDS = 50;
const LONGEST_MS = 20_000;
/** Further rounds follow until this many in a row were quick, or until this time after the beginning. */
const QUICK_ROUNDS = 10;
const QUICK_MS = 60;
const QUICK_BY_MS = 6000;

export interface WarmUpOptions {
  /** Headers for the calls of the API. */
  headers?: Record<string, string>;
  /** False for an external broker: then the taps lack a field, so they are rejected and nothing is written. */
  counts?: boolean;
}

/**
 * Sends taps until Node.js and Java have compiled the code from ingest to Redis and answers are quick, then waits until
 * the taps are counted. Without this, the first seconds under load would be many times slower than the rest. Stops at
 * the first failure, which the next request will show.
 * @param url of the API
 */
export async function warmUp(url: string, { headers = {}, counts = true }: WarmUpOptions = {}): Promise<void> {
  let users = 0;
  const tap = async (): Promise<void> => {
    // Each tap has another user, because of the limit per user.
    const body = {
      user_id: counts ? `${ROOM}-${users++}` : undefined,
      emoji_type: '🔥',
      timestamp: new Date().toISOString(),
      room_id: ROOM,
    };
    const { status } = await call(`${url}/emoji`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (status !== (counts ? 200 : 400)) throw new Error(`answered ${status}`);
  };
  const counted = async (): Promise<number> => {
    const { body } = await call(`${url}/live?room_id=${ROOM}`, { headers });
    const { totals } = JSON.parse(body) as { totals: { raw_count: number }[] };
    return totals[0]?.raw_count ?? 0;
  };
  try {
    const before = await counted();
    const began = performance.now();
    const within = (ms: number) => performance.now() - began < ms;
    let quick = 0;
    for (
      let round = 0;
      (round < ROUNDS && within(LONGEST_MS)) || (quick < QUICK_ROUNDS && within(QUICK_BY_MS));
      round++
    ) {
      const roundBegan = performance.now();
      await Promise.all(Array.from({ length: AT_ONCE }, tap));
      quick = performance.now() - roundBegan < QUICK_MS ? quick + 1 : 0;
    }
    if (counts) await waitFor(async () => (await counted()) >= before + users, COUNTED_WITHIN_MS, 100);
  } catch {
    // The functions or the broker have ended: the supervisor reports it and restarts them.
  }
}

import { call } from './http.ts';
import { waitFor } from './wait.ts';

/** A room that nobody watches. */
const ROOM = 'warm-up';
const AT_ONCE = 20;
const COUNTED_WITHIN_MS = 10_000;
/** So many rounds it takes before the compilers have done most of their work; longer than this nobody waits. */
const ROUNDS = 50;
const LONGEST_MS = 20_000;
/** After them it goes on until so many rounds in a row were quick, or until so long after the beginning. */
const QUICK_ROUNDS = 10;
const QUICK_MS = 60;
const SETTLED_BY_MS = 6000;

export interface WarmUpOptions {
  /** What calls of the API need. */
  headers?: Record<string, string>;
  /** False where the stream is not ours: then the taps lack a field, are refused, and nothing is written. */
  counts?: boolean;
}

/**
 * Sends taps through the front door until the compilers of Node.js and Java have seen the way from ingest to Redis and
 * answers are quick, and waits until they are counted, so that the trigger is there: without it the first seconds of a
 * load are answered many times slower than the rest. Stops at the first failure, since whoever taps next is told of it.
 * @param url where the API listens
 */
export async function warmUp(url: string, { headers = {}, counts = true }: WarmUpOptions = {}): Promise<void> {
  let users = 0;
  const tap = async (): Promise<void> => {
    // As many people as taps: one alone may not tap as fast.
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
      (round < ROUNDS && within(LONGEST_MS)) || (quick < QUICK_ROUNDS && within(SETTLED_BY_MS));
      round++
    ) {
      const roundBegan = performance.now();
      await Promise.all(Array.from({ length: AT_ONCE }, tap));
      quick = performance.now() - roundBegan < QUICK_MS ? quick + 1 : 0;
    }
    if (counts) await waitFor(async () => (await counted()) >= before + users, COUNTED_WITHIN_MS, 100);
  } catch {
    // The functions' process ended, or the broker: the supervisor says so and starts it again.
  }
}

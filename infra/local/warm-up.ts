import { waitFor } from './wait.ts';

/** A room that nobody watches. */
const ROOM = 'warm-up';
const ROUNDS = 50;
const AT_ONCE = 10;
const COUNTED_WITHIN_MS = 10_000;

/**
 * Sends taps through the front door until the compilers of Node.js and Java have seen the way from ingest to Redis, and
 * waits until they are counted, so that every trigger is there: without it the first seconds of a load are answered ten
 * times slower than the rest. Stops at the first failure, since whoever taps next is told of it.
 * @param url where the API listens
 * @param headers what its calls need
 */
export async function warmUp(url: string, headers: Record<string, string> = {}): Promise<void> {
  let users = 0;
  const tap = async (): Promise<void> => {
    // As many people as taps: one alone may not tap as fast.
    const body = {
      user_id: `${ROOM}-${users++}`,
      emoji_type: '🔥',
      timestamp: new Date().toISOString(),
      room_id: ROOM,
    };
    const answer = await fetch(`${url}/emoji`, { method: 'POST', headers, body: JSON.stringify(body) });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
  };
  const counted = async (): Promise<number> => {
    const answer = await fetch(`${url}/live?room_id=${ROOM}`, { headers });
    const { totals } = (await answer.json()) as { totals: { raw_count: number }[] };
    return totals[0]?.raw_count ?? 0;
  };
  try {
    const before = await counted();
    for (let round = 0; round < ROUNDS; round++) await Promise.all(Array.from({ length: AT_ONCE }, tap));
    await waitFor(async () => (await counted()) >= before + ROUNDS * AT_ONCE, COUNTED_WITHIN_MS, 100);
  } catch {
    // The functions' process ended, or the broker: the supervisor says so and starts it again.
  }
}

/** A room that nobody watches. */
const ROOM = 'warm-up';
const ROUNDS = 50;
const AT_ONCE = 10;

/**
 * Sends taps through the front door until the compilers of Node.js and Java have seen the way from ingest to Redis:
 * without it the first two seconds of a load are answered ten times slower than the rest. Stops at the first failure,
 * since whoever taps next is told of it.
 * @param url where the API listens
 */
export async function warmUp(url: string): Promise<void> {
  const tap = async (): Promise<boolean> => {
    const body = { user_id: ROOM, emoji_type: '🔥', timestamp: new Date().toISOString(), room_id: ROOM };
    const answer = await fetch(`${url}/emoji`, { method: 'POST', body: JSON.stringify(body) });
    await answer.arrayBuffer();
    return answer.ok;
  };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if ((await Promise.all(Array.from({ length: AT_ONCE }, tap))).includes(false)) return;
    }
  } catch {
    // The functions' process ended: the supervisor says so and starts it again.
  }
}

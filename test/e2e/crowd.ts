import { setTimeout as sleep } from 'node:timers/promises';
import { post } from './viewer.ts';

export const EMOJIS = ['🔥', '❤️', '😂', '👏', '🎉'] as const;

/** What a crowd knows of its taps, by `room emoji`: those answered 200, and those of which it has no answer. */
export interface Taps {
  answered: Map<string, number>;
  /** The connection broke, or the answer was an error: counted or not, nobody can tell. */
  unknown: Map<string, number>;
  latenciesMs: number[];
}

export const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

/** Taps at a steady rate, whatever the answers are, spread over rooms and emojis. Resolves when all are answered. */
export async function tapFor(
  url: string,
  { ms, perSecond, rooms }: { ms: number; perSecond: number; rooms: readonly string[] },
): Promise<Taps> {
  const taps: Taps = { answered: new Map(), unknown: new Map(), latenciesMs: [] };
  const one = async (n: number): Promise<void> => {
    const room = rooms[n % rooms.length] ?? 'global';
    const emoji = EMOJIS[Math.floor(n / rooms.length) % EMOJIS.length] ?? '🔥';
    const key = `${room} ${emoji}`;
    const began = performance.now();
    const body = { user_id: `u${n % 1000}`, emoji_type: emoji, timestamp: new Date().toISOString(), room_id: room };
    const status = await post(`${url}/emoji`, body).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status;
      },
      () => undefined,
    );
    taps.latenciesMs.push(performance.now() - began);
    const outcome = status === 200 ? taps.answered : taps.unknown;
    outcome.set(key, (outcome.get(key) ?? 0) + 1);
  };
  const began = performance.now();
  const sending: Promise<void>[] = [];
  for (let elapsed = 0; elapsed < ms; elapsed = performance.now() - began) {
    while (sending.length < (elapsed / 1000) * perSecond) sending.push(one(sending.length));
    await sleep(5);
  }
  await Promise.all(sending);
  return taps;
}

import type { Tap } from '../domain/reaction.ts';
import { PlatformError } from '../errors.ts';
import type { Charge, Clock, LimitName, RateLimiter, Rooms, Verdict } from '../ports.ts';

interface Deps {
  limiter: RateLimiter;
  rooms: Rooms;
  /** Whether taps are accepted while the store of the limits does not answer. */
  whenDown: 'open' | 'closed';
  clock: Clock;
}

/** Response headers with the state of the most restrictive limit. */
type Headers = Record<string, string>;

/** Checks the limits. Each method throws PlatformError `rate_limited` when one is exceeded. */
export interface Admission {
  /** A merged tap is charged by its `count`. @param source the address that the taps come from */
  taps(source: string, taps: readonly Tap[]): Promise<Headers>;
  registration(source: string, room: string): Promise<Headers>;
  removal(source: string): Promise<Headers>;
}

const FIELD: Record<LimitName, string> = { user: 'user_id', room: 'room_id', address: '', register: '' };
/** Rooms stay active for a day, so a retry soon is useless. */
const RETRY_ROOM_SECONDS = 60;

export const createAdmission = ({ limiter, rooms, whenDown, clock }: Deps): Admission => {
  const unlessDown = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      const isDown = error instanceof PlatformError && error.code === 'store_unavailable';
      if (isDown && whenDown === 'open') return undefined;
      throw error;
    }
  };

  const charge = async (charges: readonly Charge[]): Promise<Headers> => {
    const verdict = await unlessDown(() => limiter.charge(charges));
    if (verdict?.taken === false) throw tooMuch(verdict);
    return verdict ? quotaHeaders(verdict) : {};
  };

  const enter = async (names: readonly string[]): Promise<void> => {
    const [surplus] = (await unlessDown(() => rooms.admit(names, clock()))) ?? [];
    if (surplus === undefined) return;
    throw new PlatformError('rate_limited', 'Too many rooms are active', {
      details: [{ path: 'room_id', message: `must be a room that is active: ${surplus} would exceed the limit` }],
      headers: { 'retry-after': String(RETRY_ROOM_SECONDS) },
    });
  };

  return {
    async taps(source, taps) {
      const users = new Map<string, number>();
      const byRoom = new Map<string, number>();
      let all = 0;
      for (const { user_id, room_id, count } of taps) {
        users.set(user_id, (users.get(user_id) ?? 0) + count);
        byRoom.set(room_id, (byRoom.get(room_id) ?? 0) + count);
        all += count;
      }
      const each = (limit: LimitName, points: ReadonlyMap<string, number>) =>
        [...points].map(([key, sum]) => ({ limit, key, points: sum }));
      const headers = await charge([
        ...each('user', users),
        { limit: 'address', key: source, points: all },
        ...each('room', byRoom),
      ]);
      await enter([...byRoom.keys()]);
      return headers;
    },
    async registration(source, room) {
      const headers = await charge([{ limit: 'register', key: source, points: 1 }]);
      await enter([room]);
      return headers;
    },
    removal: (source) => charge([{ limit: 'register', key: source, points: 1 }]),
  };
};

const seconds = (ms: number): string => String(Math.ceil(ms / 1000));

/**
 * The fields of draft-ietf-httpapi-ratelimit-headers: `RateLimit` and `RateLimit-Policy` of the current draft, and the
 * three separate fields of earlier drafts, which more clients support.
 */
const quotaHeaders = ({ charge: { limit }, burst, seconds: window, remaining, waitMs }: Verdict): Headers => ({
  'ratelimit-limit': String(burst),
  'ratelimit-remaining': String(remaining),
  'ratelimit-reset': seconds(waitMs),
  'ratelimit-policy': `"${limit}";q=${burst};w=${Math.ceil(window)}`,
  ratelimit: `"${limit}";r=${remaining};t=${seconds(waitMs)}`,
});

const tooMuch = (verdict: Verdict): PlatformError => {
  const { charge, burst, seconds: window, waitMs } = verdict;
  const what = charge.limit === 'register' ? 'registrations' : 'taps';
  const rate = `${charge.key} may send ${burst} ${what} at once and as many more every ${Number(window.toFixed(1))} s`;
  return new PlatformError('rate_limited', `Too many ${what}`, {
    details: [{ path: FIELD[charge.limit], message: charge.limit === 'room' ? rate.replace('send', 'get') : rate }],
    headers: { ...quotaHeaders(verdict), 'retry-after': seconds(waitMs) },
  });
};

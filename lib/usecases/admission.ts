import { setTimeout as sleep } from 'node:timers/promises';
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
  /** A merged tap is charged by its `count`. @param address the client address */
  taps(address: string, taps: readonly Tap[]): Promise<Headers>;
  registration(address: string): Promise<Headers>;
  /**
   * A registration that has passed all other checks. Destinations are limited because anybody may name any of them.
   * @param user who registers it, if known
   */
  client(
    address: string,
    user: string | undefined,
    client: { room_id: string; host: string; port: number },
  ): Promise<void>;
  /** A WebSocket connection that enters a room, or registers again. */
  viewer(address: string, user: string | undefined, room: string): Promise<void>;
  removal(address: string): Promise<Headers>;
  /** A call of `GET /live`. */
  view(address: string): Promise<Headers>;
}

/** For each limit: the field of the request that it concerns, and how its error names what is limited. */
const ABOUT: Record<LimitName, { path: string; verb: string; what: string }> = {
  user: { path: 'user_id', verb: 'send', what: 'taps' },
  room: { path: 'room_id', verb: 'get', what: 'taps' },
  address: { path: '', verb: 'send', what: 'taps' },
  register: { path: '', verb: 'send', what: 'registrations' },
  live: { path: '', verb: 'send', what: 'requests' },
  'new-rooms-user': { path: 'room_id', verb: 'open', what: 'new rooms' },
  'new-rooms-address': { path: 'room_id', verb: 'open', what: 'new rooms' },
  destination: { path: 'port', verb: 'get', what: 'registrations' },
  'destination-host': { path: 'host', verb: 'get', what: 'registrations' },
};
/** Rooms stay active for an hour, so a retry soon is useless. */
const RETRY_ROOM_SECONDS = 60;
/** How often and how many times a caller checks whether another one has opened a room: longer than a claim lasts. */
const CHECK_OPENED_MS = 25;
const MAX_CHECKS = 20;

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

  /**
   * The inactive rooms that this call opens. When a crowd enters a new room at once, only one call opens it and is
   * charged for it; the others wait until the room is active, or open it themselves when that does not happen.
   */
  const toOpen = async (names: readonly string[]): Promise<string[]> => {
    for (let checks = 0; ; checks++) {
      const inactive = await rooms.inactive(names, clock());
      if (inactive.length === 0 || checks > MAX_CHECKS || (await rooms.claim(inactive))) return inactive;
      await sleep(CHECK_OPENED_MS);
    }
  };

  /** @param openers room → the user who opens it if it is inactive */
  const enter = async (address: string, openers: ReadonlyMap<string, string | undefined>): Promise<void> => {
    const names = [...openers.keys()];
    const inactive = (await unlessDown(() => toOpen(names))) ?? [];
    if (inactive.length > 0) {
      const byUser = new Map<string, number>();
      for (const room of inactive) {
        const user = openers.get(room);
        if (user !== undefined) byUser.set(user, (byUser.get(user) ?? 0) + 1);
      }
      await charge([
        ...[...byUser].map(([key, points]) => ({ limit: 'new-rooms-user' as const, key, points })),
        { limit: 'new-rooms-address', key: address, points: inactive.length },
      ]);
    }
    const [surplus] = (await unlessDown(() => rooms.admit(names, clock()))) ?? [];
    if (surplus === undefined) return;
    throw new PlatformError('rate_limited', 'Too many rooms are active', {
      details: [{ path: 'room_id', message: `must be a room that is active: ${surplus} would exceed the limit` }],
      headers: { 'retry-after': String(RETRY_ROOM_SECONDS) },
    });
  };

  const registerCall = (address: string) => charge([{ limit: 'register', key: address, points: 1 }]);

  return {
    async taps(address, taps) {
      const users = new Map<string, number>();
      const byRoom = new Map<string, number>();
      const openers = new Map<string, string>();
      let all = 0;
      for (const { user_id, room_id, count } of taps) {
        users.set(user_id, (users.get(user_id) ?? 0) + count);
        byRoom.set(room_id, (byRoom.get(room_id) ?? 0) + count);
        if (!openers.has(room_id)) openers.set(room_id, user_id);
        all += count;
      }
      const each = (limit: LimitName, points: ReadonlyMap<string, number>) =>
        [...points].map(([key, sum]) => ({ limit, key, points: sum }));
      const headers = await charge([
        ...each('user', users),
        { limit: 'address', key: address, points: all },
        ...each('room', byRoom),
      ]);
      await enter(address, openers);
      return headers;
    },
    registration: registerCall,
    async client(address, user, { room_id, host, port }) {
      const name = host.toLowerCase();
      await charge([
        { limit: 'destination', key: `${name} ${port}`, points: 1 },
        { limit: 'destination-host', key: name, points: 1 },
      ]);
      await enter(address, new Map([[room_id, user]]));
    },
    async viewer(address, user, room) {
      await registerCall(address);
      await enter(address, new Map([[room, user]]));
    },
    view: (address) => charge([{ limit: 'live', key: address, points: 1 }]),
    removal: registerCall,
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
  const { path, verb, what } = ABOUT[charge.limit];
  const rate = `${charge.key} may ${verb} ${burst} ${what} at once and as many more every ${Number(window.toFixed(1))} s`;
  return new PlatformError('rate_limited', `Too many ${what}`, {
    details: [{ path, message: rate }],
    headers: { ...quotaHeaders(verdict), 'retry-after': seconds(waitMs) },
  });
};

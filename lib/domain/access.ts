import { z } from 'zod';

/** `tap`: POST /emoji. `watch`: registering and GET /live. `admin`: everything, for every user and room. */
export const SCOPES = ['tap', 'watch', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** The caller of a request, and what it may do. */
export interface Caller {
  user: string;
  scopes: ReadonlySet<Scope>;
  /** Room ids; a `*` at the end matches any ending. */
  rooms: readonly string[];
  /** When its token ends (ms since the epoch). */
  until?: number;
}

/** The caller where no token is required. */
export const ANYBODY: Caller = { user: 'anybody', scopes: new Set(['admin']), rooms: [] };

const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);

/** The claims of a token that grant access. Anything that they do not name is not allowed. */
export const callerSchema = z
  .object({
    sub: z.string('must be a string').min(1, 'must not be empty'),
    /** Separated by spaces, as in OAuth, or a list. Scopes of other services are ignored. */
    scope: z
      .union(
        [z.string().transform((text) => text.split(' ')), z.array(z.string())],
        'must be names separated by spaces, or a list',
      )
      .default([]),
    rooms: z.array(z.string('must be a string'), 'must be a list of room ids').default([]),
    exp: z.number('must be a number').optional(),
  })
  .transform(({ sub, scope, rooms, exp }): Caller => ({
    ...{ user: sub, scopes: new Set(scope.filter(isScope)), rooms },
    ...(exp === undefined ? {} : { until: exp * 1000 }),
  }));

/** The claims from which `callerSchema` makes this caller. */
export const claimsOf = ({ user, scopes, rooms, until }: Caller) => ({
  ...{ sub: user, scope: [...scopes], rooms },
  ...(until === undefined ? {} : { exp: until / 1000 }),
});

const isAdmin = ({ scopes }: Caller) => scopes.has('admin');

export const mayUse = (caller: Caller, scope: Scope): boolean => isAdmin(caller) || caller.scopes.has(scope);

/** Web pages of these origins may call the API; `*` is any. */
export const allowsOrigin = (allowed: readonly string[], origin: string): boolean =>
  allowed.includes('*') || allowed.includes(origin);

const matches = (pattern: string, room: string) =>
  pattern.endsWith('*') ? room.startsWith(pattern.slice(0, -1)) : room === pattern;

export const mayEnter = (caller: Caller, room: string): boolean =>
  isAdmin(caller) || caller.rooms.some((pattern) => matches(pattern, room));

export const mayActAs = (caller: Caller, user: string): boolean => isAdmin(caller) || user === caller.user;

/** A client id is the user's id, or begins with it and a colon, so that no user can move another user's client. */
export const ownsClient = (caller: Caller, client: string): boolean =>
  mayActAs(caller, client) || client.startsWith(`${caller.user}:`);

import {
  allowsOrigin,
  ANYBODY,
  mayActAs,
  mayEnter,
  mayUse,
  ownsClient,
  type Caller,
  type Scope,
} from '../domain/access.ts';
import { PlatformError, type Detail } from '../errors.ts';
import type { Authenticator } from '../ports.ts';

const REALM = 'realm="emoji-streaming"';

/** A 401. A request without a token gets no error code (RFC 6750, 3.1), so `reason` is absent then. */
export const unauthorized = (reason?: string, cause?: unknown): PlatformError =>
  new PlatformError('unauthorized', reason ?? 'A token is required: Authorization: Bearer …', {
    headers: {
      'www-authenticate': `Bearer ${REALM}${reason ? `, error="invalid_token", error_description="${reason}"` : ''}`,
    },
    cause,
  });

const forbidden = (message: string, more: string, details: readonly Detail[] = []): PlatformError =>
  new PlatformError('forbidden', message, {
    details,
    headers: { 'www-authenticate': `Bearer ${REALM}, error="insufficient_scope"${more}` },
  });

/** @throws PlatformError `forbidden` */
export const demandScope = (caller: Caller, scope: Scope): void => {
  if (!mayUse(caller, scope)) throw forbidden(`The token needs the scope ${scope}`, `, scope="${scope}"`);
};

/** @throws PlatformError `forbidden` for a web page of another origin; other programs send no origin. */
export const demandOrigin = (allowed: readonly string[], origin: string | undefined): void => {
  if (origin === undefined || allowsOrigin(allowed, origin)) return;
  throw new PlatformError('forbidden', 'Web pages of this origin may not connect', {
    details: [{ path: 'origin', message: 'must be one of CORS_ORIGINS' }],
  });
};

interface Wanted {
  room_id?: string;
  user_id?: string;
  client_id?: string;
}

const MAY: [keyof Wanted, (caller: Caller, id: string) => boolean, string][] = [
  ['user_id', mayActAs, 'must be the sub of the token'],
  ['client_id', ownsClient, 'must be the sub of the token, or begin with it and a colon'],
  ['room_id', mayEnter, 'must be one of the rooms of the token'],
];

/**
 * Checks every room, user and client that a request names.
 * @param at path of each item in the request, ending with a dot: `events.3.`
 * @throws PlatformError `forbidden` with a detail for each that the token does not allow.
 */
export const demandAll = (caller: Caller, wanted: readonly Wanted[], at: (n: number) => string = () => ''): void => {
  const details = wanted.flatMap((one, n) =>
    MAY.flatMap(([field, may, message]) => {
      const id = one[field];
      return id === undefined || may(caller, id) ? [] : [{ path: `${at(n)}${field}`, message }];
    }),
  );
  if (details.length > 0) throw forbidden('The token does not allow this', '', details);
};

/** `AUTH_MODE=open`: every caller may do everything. */
export const openAuthenticator: Authenticator = { authenticate: () => Promise.resolve(ANYBODY) };

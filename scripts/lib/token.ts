import { SignJWT } from 'jose';
import type { Config } from '../../lib/config/variables.ts';
import type { Scope } from '../../lib/domain/access.ts';

interface Claims {
  user: string;
  scopes: readonly Scope[];
  rooms: readonly string[];
  seconds: number;
}

type Signing = Pick<Config, 'AUTH_ISSUER' | 'AUTH_AUDIENCE'> & { AUTH_SECRET: string };

/** Creates a token for a platform with the same AUTH_SECRET, AUTH_ISSUER and AUTH_AUDIENCE. */
export const signToken = (
  { AUTH_SECRET, AUTH_ISSUER, AUTH_AUDIENCE }: Signing,
  { user, scopes, rooms, seconds }: Claims,
): Promise<string> => {
  const now = Math.floor(Date.now() / 1000);
  const token = new SignJWT({ scope: scopes.join(' '), rooms: [...rooms] })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(user)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds);
  if (AUTH_ISSUER) token.setIssuer(AUTH_ISSUER);
  if (AUTH_AUDIENCE) token.setAudience(AUTH_AUDIENCE);
  return token.sign(new TextEncoder().encode(AUTH_SECRET));
};

/** The Authorization header for a token; no header without one. */
export const bearer = (token: string | undefined): Record<string, string> =>
  token ? { authorization: `Bearer ${token}` } : {};

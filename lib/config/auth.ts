import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { z } from 'zod';
import { stageProblems } from './stages.ts';

/** HS256 requires 32 bytes (RFC 7518, 3.2). */
export const MIN_SECRET_BYTES = 32;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Keys must be fetched over TLS, except from this machine. */
export const isKeyUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  // `fetch` rejects a URL with credentials.
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
};

export const isOrigin = (text: string): boolean =>
  text === '*' || (/^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text);

/** Minimum size of an RSA key (RFC 7518, 3.3). */
const MIN_RSA_BITS = 2048;

/** Checked at start, not when the first token uses the key. */
const isUsableKey = (key: JsonWebKey): boolean => {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key, format: 'jwk' });
    return (asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) >= MIN_RSA_BITS;
  } catch {
    return false;
  }
};

/** Only public keys are accepted: private keys and shared secrets must not be in a key set. */
const publicKey = z.looseObject({ kty: z.enum(['RSA', 'OKP']) }).refine((key) => !('d' in key) && isUsableKey(key));

export const publicKeys = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.issues.push({ code: 'custom', input: text, message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.object({ keys: z.array(publicKey).min(1) }));

const KEYS = ['AUTH_SECRET', 'AUTH_JWKS_URL', 'AUTH_JWKS'] as const;

/** Invalid combinations of variables: pairs of a variable and a sentence. */
export const authProblems = (given: Record<string, string | undefined>): [variable: string, sentence: string][] => {
  const problems = stageProblems(given);
  if (given.AUTH_MODE !== 'jwt') return problems;
  const keys = KEYS.filter((name) => given[name]);
  if (keys.length === 0)
    problems.push(['AUTH_SECRET', 'AUTH_SECRET, AUTH_JWKS_URL or AUTH_JWKS must be set for AUTH_MODE=jwt (none is)']);
  if (keys.length > 1)
    problems.push([
      keys[1] ?? '',
      `${keys[1]} must not be set beside ${keys[0]}: tokens are checked with one kind of key (${keys.length} are set)`,
    ]);
  // An identity provider signs tokens for all its services with the same keys; AUTH_SECRET is only for this platform.
  if (!given.AUTH_SECRET && keys.length > 0 && !given.AUTH_AUDIENCE)
    problems.push([
      'AUTH_AUDIENCE',
      `AUTH_AUDIENCE must be set beside ${keys[0]}, whose keys may sign for other services too (it is not set)`,
    ]);
  return problems;
};

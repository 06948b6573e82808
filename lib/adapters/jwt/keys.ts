import { createSecretKey } from 'node:crypto';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { PlatformError } from '../../errors.ts';

/**
 * Keys that verify signatures. The kind of key determines the algorithms, never the token: so `none` and key confusion
 * are rejected.
 */
export interface Keys {
  algorithms: string[];
  keyOf: JWTVerifyGetKey;
}

const PUBLIC_KEY_ALGORITHMS = ['RS256', 'EdDSA'];

export const sharedSecret = (secret: string): Keys => {
  const key = createSecretKey(secret, 'utf8');
  return { algorithms: ['HS256'], keyOf: () => key };
};

export const keySet = (jwks: JSONWebKeySet): Keys => ({
  algorithms: PUBLIC_KEY_ALGORITHMS,
  keyOf: createLocalJWKSet(jwks),
});

interface RemoteOptions {
  /** Minimum time (ms) between two requests to the key server, after an unknown key or a failure. */
  cooldownMs?: number;
  /** Keys are fetched again after this time (ms), so that withdrawn keys are removed. */
  maxAgeMs?: number;
  timeoutMs?: number;
}

/** The token names no key of the set, or several: the token is invalid, the key server is not at fault. */
const isTokensFault = (error: unknown) =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported ||
  error instanceof errors.JOSEAlgNotAllowed;

/** The keys at a URL, fetched on demand. While the server does not answer, known keys stay valid. */
export const remoteKeySet = (
  url: URL,
  { cooldownMs = 30_000, maxAgeMs = 600_000, timeoutMs = 3000 }: RemoteOptions = {},
): Keys => {
  const remote = createRemoteJWKSet(url, {
    cooldownDuration: cooldownMs,
    cacheMaxAge: maxAgeMs,
    timeoutDuration: timeoutMs,
  });
  let askAgainAt = 0;

  const knownKey = async (asked: Parameters<JWTVerifyGetKey>, cause?: unknown) => {
    const known = remote.jwks();
    if (known) {
      try {
        return await createLocalJWKSet(known)(...asked);
      } catch {
        // It may be a new key; that can't be decided now.
      }
    }
    throw new PlatformError('keys_unavailable', 'The keys that verify tokens cannot be fetched', { cause });
  };

  return {
    algorithms: PUBLIC_KEY_ALGORITHMS,
    keyOf: async (...asked) => {
      // Not for every tap: each would wait for a hanging key server until the timeout.
      if (remote.jwks() && performance.now() < askAgainAt) return knownKey(asked);
      try {
        return await remote(...asked);
      } catch (error) {
        if (isTokensFault(error)) throw error;
        askAgainAt = performance.now() + cooldownMs;
        return knownKey(asked, error);
      }
    },
  };
};

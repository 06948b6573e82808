import { createSecretKey } from 'node:crypto';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { PlatformError } from '../../errors.ts';

/**
 * What a signature is checked with. The algorithms follow from the kind of key and never from the token: no `none`, and
 * no public key taken for a secret.
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
  /** How long (ms) the key server is left in peace: after it was asked for a key that it did not have, or did not answer. */
  cooldownMs?: number;
  /** After this (ms) keys are fetched again, so that one that was withdrawn is forgotten. */
  maxAgeMs?: number;
  timeoutMs?: number;
}

/** The token names a key that is not in the set, or more than one: its own fault, not that of the key server. */
const isTokensFault = (error: unknown) =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported ||
  error instanceof errors.JOSEAlgNotAllowed;

/** The keys at an address, fetched when they are needed. While it does not answer, the keys that are known go on. */
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
        // It may be a new key, and nobody can say.
      }
    }
    throw new PlatformError('keys_unavailable', 'The keys that verify tokens cannot be fetched', { cause });
  };

  return {
    algorithms: PUBLIC_KEY_ALGORITHMS,
    keyOf: async (...asked) => {
      // Not for every tap: a key server that hangs would hold each for as long as the timeout.
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

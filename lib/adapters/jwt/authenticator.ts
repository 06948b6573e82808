import { errors, jwtVerify } from 'jose';
import { unauthorized } from '../../usecases/authorization.ts';
import { callerSchema, type Caller } from '../../domain/access.ts';
import { PlatformError } from '../../errors.ts';
import type { Authenticator, Clock } from '../../ports.ts';
import type { Keys } from './keys.ts';

interface Options {
  keys: Keys;
  /** `iss` and `aud` are checked when they are configured. */
  issuer: string | undefined;
  audience: string | undefined;
  clock: Clock;
}

/** Tolerated difference (s) between the issuer's clock and ours. */
const CLOCK_TOLERANCE = 5;

/** One token of the characters that RFC 6750 allows. Two headers, which are joined by a comma, are invalid. */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

/** Authenticates callers by a signed token (JWT). */
export class JwtAuthenticator implements Authenticator {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  async authenticate(authorization: string | undefined): Promise<Caller> {
    if (!authorization) throw unauthorized();
    const token = BEARER.exec(authorization)?.[1];
    if (!token) throw unauthorized('The Authorization header must be one Bearer token');
    const caller = callerSchema.safeParse(await this.#claims(token));
    if (caller.success) return caller.data;
    const [issue] = caller.error.issues;
    throw unauthorized(`The claim ${String(issue?.path[0])} ${issue?.message}`);
  }

  async #claims(token: string): Promise<unknown> {
    const { keys, issuer, audience, clock } = this.#options;
    try {
      const { payload } = await jwtVerify(token, keys.keyOf, {
        algorithms: keys.algorithms,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE,
        currentDate: new Date(clock()),
        ...(issuer ? { issuer } : {}),
        ...(audience ? { audience } : {}),
      });
      return payload;
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      throw unauthorized(reasonOf(error), error);
    }
  }
}

const CLAIMS: Record<string, string> = {
  aud: 'The token is for another audience',
  iss: 'The token is from another issuer',
  nbf: 'The token is not valid yet',
};

/** Own error messages, so that no algorithms or keys are disclosed. */
const reasonOf = (error: unknown): string => {
  if (error instanceof errors.JWTExpired) return 'The token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    if (reason === 'missing') return `The token has no claim ${claim}`;
    return (reason === 'check_failed' && CLAIMS[claim]) || `The claim ${claim} must be as in RFC 7519`;
  }
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) return 'The token is not a signed JWT';
  return 'The token is not signed with a key that is accepted here';
};

import { LRUCache } from 'lru-cache';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Charge, LimitName, RateLimiter, Verdict } from '../../ports.ts';
import type { Breaker } from './breaker.ts';
import type { RedisClient } from './client.ts';
import { scripts } from './scripts.ts';

/** A token bucket of `burst` tokens, initially full, that refills in `seconds`. */
export interface Rate {
  burst: number;
  seconds: number;
}

/** Maximum number of remembered rejections. */
const REMEMBERED = 10_000;

/**
 * Token buckets in Redis. All charges of a call are sent in one round trip.
 *
 * A rejection is remembered in this process until the charge would fit, so that floods don't reach Redis. A rejected
 * charge takes no tokens; the tokens that other charges of the same call took are returned.
 */
export class RedisRateLimiter implements RateLimiter {
  readonly #breaker: Breaker;
  readonly #rates: ReadonlyMap<LimitName, Rate>;
  readonly #buckets: ReadonlyMap<LimitName, RateLimiterRedis>;
  readonly #refused = new LRUCache<string, { points: number; until: number }>({ max: REMEMBERED });

  /** @param rates the configured limits; an absent one does not limit */
  constructor(redis: RedisClient, rates: ReadonlyMap<LimitName, Rate>, breaker: Breaker) {
    this.#breaker = breaker;
    this.#rates = rates;
    const bucket = (name: LimitName, { burst, seconds }: Rate) =>
      new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: `rate:${name}`,
        points: burst,
        duration: seconds,
        customIncrTtlLuaScript: scripts.tokenBucket,
      });
    this.#buckets = new Map([...rates].map(([name, rate]) => [name, bucket(name, rate)]));
  }

  async charge(charges: readonly Charge[]): Promise<Verdict | undefined> {
    const limited = charges.flatMap((charge) => {
      const [bucket, rate] = [this.#buckets.get(charge.limit), this.#rates.get(charge.limit)];
      return bucket && rate ? [{ charge, bucket, rate }] : [];
    });
    for (const { charge, rate } of limited) {
      const waitMs = charge.points > rate.burst ? rate.seconds * 1000 : this.#refusedFor(charge);
      if (waitMs > 0) return { charge, ...rate, taken: false, remaining: 0, waitMs };
    }
    if (limited.length === 0) return undefined;

    const verdicts = await this.#breaker.run(() =>
      Promise.all(
        limited.map(async ({ charge, bucket, rate }): Promise<Verdict> => {
          const { taken, left } = await take(bucket, charge);
          return { charge, ...rate, taken, remaining: left.remainingPoints, waitMs: left.msBeforeNext };
        }),
      ),
    );
    const refused = verdicts.filter(({ taken }) => !taken);
    if (refused.length === 0) return verdicts.reduce((a, b) => (b.remaining / b.burst < a.remaining / a.burst ? b : a));
    for (const verdict of refused) this.#remember(verdict);
    for (const { charge, taken } of verdicts)
      if (taken) this.#buckets.get(charge.limit)?.reward(charge.key, charge.points).catch(ignore);
    return refused.reduce((a, b) => (b.waitMs > a.waitMs ? b : a));
  }

  /** How long (ms) a charge would certainly be rejected, judging by a remembered rejection. */
  #refusedFor({ limit, key, points }: Charge): number {
    const known = this.#refused.get(`${limit}:${key}`);
    return known && points >= known.points ? known.until - performance.now() : 0;
  }

  #remember({ charge: { limit, key, points }, waitMs }: Verdict): void {
    this.#refused.set(`${limit}:${key}`, { points, until: performance.now() + waitMs });
  }
}

/** When returning fails, the tokens refill by themselves soon. */
const ignore = () => undefined;

const take = async (bucket: RateLimiterRedis, { key, points }: Charge) => {
  try {
    return { taken: true, left: await bucket.consume(key, points) };
  } catch (left) {
    if (left instanceof RateLimiterRes) return { taken: false, left };
    throw left;
  }
};

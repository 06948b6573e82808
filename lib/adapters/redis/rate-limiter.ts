import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Charge, LimitName, RateLimiter, Verdict } from '../../ports.ts';
import type { Breaker } from './breaker.ts';
import type { RedisClient } from './client.ts';
import { scripts } from './scripts.ts';

/** A bucket of `burst` that is full at first, and full again `seconds` after it was empty. */
export interface Rate {
  burst: number;
  seconds: number;
}

/** How many refusals are remembered at the most. */
const REMEMBERED = 10_000;

/**
 * Token buckets in Redis: somebody who was silent for `seconds` has the whole burst at once, and in no time span more
 * than the burst and what its length adds at the rate. All charges of a call travel together.
 *
 * A refusal is remembered in this process until what was asked for would fit: who floods is told so without Redis. In
 * Redis a refused charge takes nothing; what the other charges of its call took is given back a moment later.
 */
export class RedisRateLimiter implements RateLimiter {
  readonly #breaker: Breaker;
  readonly #rates: ReadonlyMap<LimitName, Rate>;
  readonly #buckets: ReadonlyMap<LimitName, RateLimiterRedis>;
  readonly #refused = new Map<string, { points: number; until: number }>();

  /** @param rates of the limits that there are; one that is absent does not limit. */
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

  /** How long (ms) a charge would be refused for certain: as much was refused, and the time for it has not come. */
  #refusedFor({ limit, key, points }: Charge): number {
    const known = this.#refused.get(`${limit}:${key}`);
    return known && points >= known.points ? known.until - performance.now() : 0;
  }

  #remember({ charge: { limit, key, points }, waitMs }: Verdict): void {
    const name = `${limit}:${key}`;
    this.#refused.delete(name);
    this.#refused.set(name, { points, until: performance.now() + waitMs });
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > REMEMBERED && oldest !== undefined) this.#refused.delete(oldest);
  }
}

/** The tokens come back by themselves soon. */
const ignore = () => undefined;

const take = async (bucket: RateLimiterRedis, { key, points }: Charge) => {
  try {
    return { taken: true, left: await bucket.consume(key, points) };
  } catch (left) {
    if (left instanceof RateLimiterRes) return { taken: false, left };
    throw left;
  }
};

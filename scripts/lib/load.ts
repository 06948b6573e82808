import { randomBytes } from 'node:crypto';
import { parseWeights } from './emoji-weights.ts';
import { type Counts, type Latency, Statistics } from './statistics.ts';
import { startTapper } from './tapper.ts';

export interface Load {
  /** What happened since the last call. */
  look(): { delta: Counts; latency: Latency };
  /** Nothing more is sent; resolves when the last answer is there. */
  finish(): Promise<LoadResult>;
}

export interface LoadResult {
  total: Counts;
  latency: Latency;
  /** HTTP status, or what went wrong → taps. */
  errors: ReadonlyMap<string, number>;
  /** Taps answered 200: room → emoji → taps. */
  answered: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

const CLIENTS = 20;
/** Together 1,200 requests, more than the platform lets in: what it does not take, it has to refuse. */
const IN_FLIGHT = 60;

/** So many taps a second, a request each, whatever becomes of them. Nobody taps more than about once a second. */
export function startLoad(url: string, perSecond: number, rooms: readonly string[]): Load {
  const run = randomBytes(3).toString('hex');
  const rate = perSecond / CLIENTS;
  const tappers = Array.from({ length: CLIENTS }, (_, n) =>
    startTapper(`load-${run}-${n}`, n / CLIENTS, {
      ...{ url: new URL('emoji', url), rate, batch: 1, users: Math.ceil(rate), rooms },
      ...{
        weights: parseWeights('🔥=5,❤️=3,👏=2'),
        maxInFlight: IN_FLIGHT,
        seconds: undefined,
        retries: 0,
        headers: {},
      },
    }),
  );
  const statistics = new Statistics(tappers.map((tapper) => tapper.statistics));
  const look = () => {
    for (const tapper of tappers) tapper.refresh();
    return statistics.look().all;
  };
  return {
    look,
    async finish() {
      await Promise.all(tappers.map((tapper) => tapper.finish()));
      const { total } = look();
      return { total, latency: statistics.latency(), errors: statistics.errors(), answered: statistics.answered() };
    },
  };
}

import { randomBytes } from 'node:crypto';
import { parseWeights } from './emoji-weights.ts';
import { type Counts, type Latency, Statistics } from './statistics.ts';
import { startTapper } from './tapper.ts';

export interface Load {
  /** Counts and latencies since the last call. */
  read(): { delta: Counts; latency: Latency };
  /** Sends nothing more; resolves when the last answer has arrived. */
  finish(): Promise<LoadResult>;
}

export interface LoadResult {
  total: Counts;
  latency: Latency;
  /** HTTP status or error code → taps. */
  errors: ReadonlyMap<string, number>;
  /** Taps answered 200: room → emoji → taps. */
  answered: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

const CLIENTS = 20;
/** Together 1,200 open requests, more than the platform accepts, so that it has to reject some. */
const IN_FLIGHT = 60;

/** Sends this many taps per second, one per request, in an open loop. Each user taps about once a second. */
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
  const read = () => {
    for (const tapper of tappers) tapper.refresh();
    return statistics.read().all;
  };
  return {
    read,
    async finish() {
      await Promise.all(tappers.map((tapper) => tapper.finish()));
      const { total } = read();
      return { total, latency: statistics.latency(), errors: statistics.errors(), answered: statistics.answered() };
    },
  };
}

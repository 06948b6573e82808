import type { Redis } from 'ioredis';

/** What a Redis server has done since it was started. */
export interface RedisUsage {
  /** CPU time (ms) of the main thread, which executes all commands. */
  cpuMs: number;
  /** Commands, those of scripts included. */
  commands: number;
  /** How often the server read from a connection: at most one read per pipeline of a client. */
  reads: number;
  /** Bytes received and sent. */
  bytes: number;
}

const KEYS = ['cpuMs', 'commands', 'reads', 'bytes'] as const;

export const readUsage = async (redis: Redis): Promise<RedisUsage> => {
  const info = await redis.info('all');
  const number = (name: string): number | undefined => {
    const text = new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1];
    return text === undefined ? undefined : Number(text);
  };
  // The main thread's share is known since Redis 6.2.
  const cpu = (mode: string) => number(`used_cpu_${mode}_main_thread`) ?? number(`used_cpu_${mode}`) ?? 0;
  const calls = [...info.matchAll(/^cmdstat_[^:]+:calls=(\d+)/gm)].map(([, each]) => Number(each));
  return {
    cpuMs: (cpu('sys') + cpu('user')) * 1000,
    commands: calls.reduce((sum, each) => sum + each, 0),
    reads: number('total_reads_processed') ?? 0,
    bytes: (number('total_net_input_bytes') ?? 0) + (number('total_net_output_bytes') ?? 0),
  };
};

const combine = (a: RedisUsage, b: RedisUsage, sign: 1 | -1): RedisUsage => {
  const sums = KEYS.map((key) => [key, a[key] + sign * b[key]]);
  return Object.fromEntries(sums) as Record<(typeof KEYS)[number], number>;
};

export const NO_USAGE: RedisUsage = { cpuMs: 0, commands: 0, reads: 0, bytes: 0 };
export const addUsage = (a: RedisUsage, b: RedisUsage): RedisUsage => combine(a, b, 1);

/** What the server did during `work`. */
export const usageOf = async (redis: Redis, work: () => Promise<unknown>): Promise<RedisUsage> => {
  const before = await readUsage(redis);
  await work();
  return combine(await readUsage(redis), before, -1);
};

/** Makes the server log slow commands and scripts, from this duration (µs) on. */
export const watchSlow = async (redis: Redis, fromMicroseconds: number): Promise<void> => {
  await redis.config('SET', 'slowlog-log-slower-than', fromMicroseconds);
  await redis.config('SET', 'slowlog-max-len', 10_000);
  await redis.slowlog('RESET');
};

/** Durations (ms) of the slow scripts logged since `watchSlow`. */
export const slowScripts = async (redis: Redis): Promise<number[]> => {
  const entries = (await redis.slowlog('GET', 10_000)) as [number, number, number, string[]][];
  return entries.flatMap(([, , duration, [command = '']]) => (/^eval/i.test(command) ? [duration / 1000] : []));
};

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

const readUsage = async (redis: Redis): Promise<RedisUsage> => {
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

/** What the server did during `work`. */
export const usageOf = async (redis: Redis, work: () => Promise<unknown>): Promise<RedisUsage> => {
  const before = await readUsage(redis);
  await work();
  const after = await readUsage(redis);
  return {
    cpuMs: after.cpuMs - before.cpuMs,
    commands: after.commands - before.commands,
    reads: after.reads - before.reads,
    bytes: after.bytes - before.bytes,
  };
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

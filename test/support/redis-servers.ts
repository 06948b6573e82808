import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ensureJars } from '../../infra/local/jars.ts';
import { anyFreePort, isFree } from '../../infra/local/ports.ts';
import { findRedis } from '../../infra/local/redis.ts';
import { until } from './until.ts';

const SLOTS = 16_384;
/** The cluster bus port of a node is its port plus this. */
const BUS_OFFSET = 10_000;

export interface RedisServer {
  port: number;
  /** A connection for administrative commands of a test. */
  admin: Redis;
  process: ChildProcess;
}

export interface RedisServers {
  servers: RedisServer[];
  stop(): Promise<void>;
}

const freePorts = async (count: number): Promise<number[]> => {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = await anyFreePort();
    if (await isFree(port + BUS_OFFSET)) ports.add(port);
  }
  return [...ports];
};

/** Starts Redis servers on free ports, each an empty primary. */
export const startRedisServers = async (count: number, options: readonly string[] = []): Promise<RedisServers> => {
  const { program } = await findRedis(await ensureJars(() => undefined));
  const dir = mkdtempSync(join(tmpdir(), 'emoji-streaming-redis-'));
  const ports = await freePorts(count);
  const servers = ports.map((port): RedisServer => {
    const always = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'];
    const files = ['--dbfilename', `${port}.rdb`, '--cluster-config-file', `${port}.conf`];
    return {
      port,
      process: spawn(program, [...always, ...files, ...options], { stdio: 'ignore' }),
      admin: new Redis({ port, lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: () => 50 }).on(
        'error',
        () => undefined,
      ),
    };
  });
  await Promise.all(servers.map(({ admin }) => admin.ping()));
  return {
    servers,
    async stop() {
      for (const { admin, process: server } of servers) {
        admin.disconnect();
        if (server.exitCode !== null || server.signalCode !== null) continue;
        server.kill('SIGKILL');
        await once(server, 'exit');
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** Starts a Redis Cluster of primaries without replicas. */
export const startSmallCluster = async (primaries = 3): Promise<RedisServers & { url: string }> => {
  const started = await startRedisServers(primaries, ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000']);
  const [first, ...others] = started.servers;
  const each = Math.ceil(SLOTS / primaries);
  for (const [n, { admin }] of started.servers.entries()) {
    const slots = Array.from({ length: Math.min(each, SLOTS - n * each) }, (_, slot) => n * each + slot);
    await admin.cluster('ADDSLOTS', ...slots);
  }
  for (const { admin } of others) await admin.cluster('MEET', '127.0.0.1', first?.port ?? 0);
  for (const { admin } of started.servers)
    await until(
      'the nodes know each other',
      async () => {
        const info = await admin.cluster('INFO');
        return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${primaries}`);
      },
      30_000,
    );
  return { ...started, url: started.servers.map(({ port }) => `redis://127.0.0.1:${port}`).join(',') };
};

/** Removes every key of every server. */
export const emptyServers = async ({ servers }: RedisServers): Promise<void> => {
  for (const { admin } of servers) await admin.flushall();
};

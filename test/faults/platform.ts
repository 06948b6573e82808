import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, Redis } from 'ioredis';
import { claimDataDir } from '../../infra/local/data-dir.ts';
import { ensureJars, kafkaVersion } from '../../infra/local/jars.ts';
import { kafkaService, type Node } from '../../infra/local/kafka.ts';
import { anyFreePort } from '../../infra/local/ports.ts';
import type { Service } from '../../infra/local/service.ts';
import { warmUp } from '../../infra/local/warm-up.ts';
import { newDataDir, removeDataDir, startPlatform } from '../e2e/platform.ts';
import type { RedisCluster } from '../support/redis-cluster.ts';
import type { RedisPair } from '../support/redis-pair.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import type { Clock } from './clock.ts';
import { mountDisk, type Disk } from './disk.ts';

/** The parts that a fault can break. Nothing restarts them automatically: the fault itself does. */
interface Parts {
  broker: Pick<Service, 'kill' | 'start' | 'pid'>;
  /** Three brokers. The first one is the controller. */
  brokers: readonly Pick<Service, 'kill' | 'start'>[];
  redisServer: Pick<Service, 'kill' | 'start'>;
  /** Path of Redis's append-only file. */
  appendOnlyFile: string;
  /** Proxies between the functions and the services. The tests themselves connect directly. */
  links: { kafka: TcpProxy; redis: TcpProxy };
  pair: RedisPair;
  cluster: RedisCluster;
  /** The broker's disk. */
  disk: Disk;
  clocks: { functions: Clock; redis: Clock; ingest: Clock };
  /** A second ingest host, with a clock of its own. */
  ingest: { url: string };
}

/** A platform whose parts can be broken one by one. */
export interface FaultPlatform extends Partial<Readonly<Parts>> {
  url: string;
  lambdaPort: number;
  /** The process of the functions, which `npm start` restarts when it ends. */
  functionsPid(): Promise<number>;
  kafkaBrokers: string;
  /** A direct connection (without proxies) to the current primary. */
  readonly redis: Redis | Cluster;
  /** The output of the functions and the broker so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Returns a part that the fault needs. @throws when this kind of platform lacks it */
export const partOf = <K extends keyof Parts>(platform: FaultPlatform, name: K): Parts[K] => {
  const part: Partial<Parts>[K] = platform[name];
  if (part === undefined) throw new Error(`this platform has no part "${name}"`);
  return part;
};

/** Collects steps to be undone; `stop` undoes them in reverse order. */
const undoable = () => {
  const steps: (() => unknown)[] = [];
  return {
    undo: (step: () => unknown) => void steps.push(step),
    stop: async () => {
      for (const step of steps.splice(0).reverse()) await step();
    },
  };
};
type Undo = ReturnType<typeof undoable>['undo'];

/** Builds a platform from its parts; if one part fails to start, the others are stopped. */
export const assemble = async (build: (undo: Undo) => Promise<Omit<FaultPlatform, 'stop'>>): Promise<FaultPlatform> => {
  const { undo, stop } = undoable();
  try {
    return Object.assign(await build(undo), { stop });
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
};

/** A data folder that is removed at the end. */
const temporaryDataDir = (undo: Undo): string => {
  const folder = newDataDir();
  undo(() => removeDataDir(folder));
  return folder;
};

/** Makes a broker as `npm start` does, in this data folder. */
async function brokerIn(
  folder: string,
  undo: Undo,
  log: (line: string) => void,
  options: { link?: TcpProxy; node?: Node; port: number },
) {
  const { link, node, port } = options;
  const dir = await claimDataDir(folder, log);
  undo(() => dir.release());
  const lib = await ensureJars(log);
  const service = kafkaService(dir, lib, port, kafkaVersion(), {
    ...(link ? { advertised: link.port } : {}),
    ...(node ? { node } : {}),
  });
  undo(() => service.stop());
  service.onDeath(({ code, signal }) => log(`a broker exited unexpectedly: ${signal ?? code}`));
  const file = join(folder, 'logs', 'kafka.log');
  return { service, output: () => (existsSync(file) ? readFileSync(file, 'utf8') : '') };
}

/** A broker behind a proxy, and on its own disk if one can be mounted. */
export async function startBroker(undo: Undo, log: (line: string) => void) {
  const folder = temporaryDataDir(undo);
  const disk = await mountDisk(folder);
  if (disk) undo(() => disk.unmount());
  const port = await anyFreePort();
  const link = await tcpProxy(port);
  undo(() => link.close());
  return { ...(await brokerIn(folder, undo, log, { port, link })), disk, link, brokers: `127.0.0.1:${port}` };
}

/** One of several brokers. */
export async function startBrokerNode(undo: Undo, log: (line: string) => void, node: Node) {
  const port = await anyFreePort();
  return { ...(await brokerIn(temporaryDataDir(undo), undo, log, { port, node })), address: `127.0.0.1:${port}` };
}

/** All rooms of a run are created from one address; clients that read nothing must be unregistered soon. */
export const LIMITS = { NEW_ROOMS_PER_USER: '0', NEW_ROOMS_PER_ADDRESS: '0', DELIVERY_GIVE_UP_SECONDS: '3' };

/** Runs `npm start` for the functions only; `env` has the addresses of the broker and Redis. */
export async function startFunctions(undo: Undo, env: Record<string, string>, ready: readonly Promise<unknown>[]) {
  const starting = startPlatform(temporaryDataDir(undo), { ...LIMITS, ...env });
  undo(() => starting.then((each) => each.stop()).catch(() => undefined));
  const [platform] = await Promise.all([starting, ...ready]);
  await warmUp(platform.url);
  return {
    url: platform.url,
    lambdaPort: platform.lambdaPort,
    functionsPid: () => platform.pid('functions'),
    output: platform.output,
  };
}

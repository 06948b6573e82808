import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, Redis } from 'ioredis';
import { claimDataDir } from '../../infra/local/data-dir.ts';
import { ensureJars, kafkaVersion } from '../../infra/local/jars.ts';
import { kafkaService } from '../../infra/local/kafka.ts';
import { anyFreePort } from '../../infra/local/ports.ts';
import type { Service } from '../../infra/local/service.ts';
import { warmUp } from '../../infra/local/warm-up.ts';
import { newDataDir, removeDataDir, startPlatform } from '../e2e/platform.ts';
import type { RedisCluster } from '../support/redis-cluster.ts';
import type { RedisPair } from '../support/redis-pair.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import type { Clock } from './clock.ts';
import { mountDisk, type Disk } from './disk.ts';

/** What can be broken; a platform has some of it. Nothing is started again by itself: a fault heals what it broke. */
interface Parts {
  broker: Pick<Service, 'kill' | 'start' | 'pid'>;
  redisServer: Pick<Service, 'kill' | 'start'>;
  /** Redis's append-only file. */
  appendOnlyFile: string;
  /** The only way between the functions and either; the suite itself goes past them. */
  links: { kafka: TcpProxy; redis: TcpProxy };
  pair: RedisPair;
  cluster: RedisCluster;
  /** The broker's disk. */
  disk: Disk;
  clocks: { functions: Clock; redis: Clock };
}

/** The platform in pieces that can be broken one by one. */
export interface FaultPlatform extends Partial<Readonly<Parts>> {
  url: string;
  lambdaPort: number;
  /** The process of the functions, which `npm start` starts again when it dies. */
  functionsPid(): Promise<number>;
  kafkaBrokers: string;
  /** Past every proxy, to whoever is the primary now. */
  readonly redis: Redis | Cluster;
  /** What the functions and the broker have printed. */
  output(): string;
  stop(): Promise<void>;
}

/** A part that the fault needs, and that its kind of platform has. */
export const partOf = <K extends keyof Parts>(platform: FaultPlatform, name: K): Parts[K] => {
  const part: Partial<Parts>[K] = platform[name];
  if (part === undefined) throw new Error(`this platform has no ${name} that could be broken`);
  return part;
};

/** Undoes steps in the reverse order. */
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

/** A platform of parts; what has been started is stopped when one of them fails. */
export const assemble = async (build: (undo: Undo) => Promise<Omit<FaultPlatform, 'stop'>>): Promise<FaultPlatform> => {
  const { undo, stop } = undoable();
  try {
    return Object.assign(await build(undo), { stop });
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
};

/** A data folder that is gone afterwards. */
const temporaryDataDir = (undo: Undo): string => {
  const folder = newDataDir();
  undo(() => removeDataDir(folder));
  return folder;
};

/** A broker as `npm start` runs it, behind a proxy, on a disk of its own where one can be mounted. */
export async function startBroker(undo: Undo, log: (line: string) => void) {
  const folder = temporaryDataDir(undo);
  const disk = await mountDisk(folder);
  if (disk) undo(() => disk.unmount());
  const dir = await claimDataDir(folder, log);
  undo(() => dir.release());
  const lib = await ensureJars(log);
  const port = await anyFreePort();
  const link = await tcpProxy(port);
  undo(() => link.close());
  const service = kafkaService(dir, lib, port, kafkaVersion(), { advertised: link.port });
  undo(() => service.stop());
  service.onDeath(({ code, signal }) => log(`the broker ended by itself: ${signal ?? code}`));
  const file = join(folder, 'logs', 'kafka.log');
  return {
    ...{ service, disk, link },
    brokers: `127.0.0.1:${port}`,
    output: () => (existsSync(file) ? readFileSync(file, 'utf8') : ''),
  };
}

/** `npm start` for the functions, which are told where broker and Redis are. */
export async function startFunctions(undo: Undo, env: Record<string, string>, ready: readonly Promise<unknown>[]) {
  // Rooms of a whole run, from one address; clients that read nothing are to be seen unregistered.
  const limits = { NEW_ROOMS_PER_USER: '0', NEW_ROOMS_PER_ADDRESS: '0', DELIVERY_GIVE_UP_SECONDS: '3' };
  const starting = startPlatform(temporaryDataDir(undo), { ...limits, ...env });
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

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import type { DataDir } from './data-dir.ts';
import { javaEnvironment } from './environment.ts';
import { SetupError } from './errors.ts';
import { claimPort, type PortClaim } from './ports.ts';
import { runProgram } from './run.ts';
import { createService, type Service } from './service.ts';

interface Ports {
  port: number;
  /** The advertised port: that of a proxy, if there is one. */
  advertised: number;
  controller: number;
}

/** One of several brokers. The first node is the only controller, and tells the others that a broker is gone. */
export interface Node {
  /** From 1. */
  id: number;
  /** The same for all nodes: 16 bytes in base64url. */
  clusterId: string;
  /** The port of the controller on the first node. */
  controller: number;
}

/** Replicas as on Amazon MSK, with its unsafe default for elections: the topics' own settings must override it. */
const REPLICATED = `
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
unclean.leader.election.enable=true
# A partition's leader is its first replica again soon after a restart.
leader.imbalance.check.interval.seconds=2
leader.imbalance.per.broker.percentage=0
`;
const NOT_REPLICATED = `
default.replication.factor=1
offsets.topic.replication.factor=1
`;

const roles = ({ port, controller }: Ports, id: number) =>
  id === 1
    ? `process.roles=broker,controller
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`
    : `process.roles=broker
listeners=PLAINTEXT://127.0.0.1:${port}`;

const properties = (ports: Ports, logDir: string, node?: Node) => `
${roles(ports, node?.id ?? 1)}
node.id=${node?.id ?? 1}
controller.quorum.voters=1@127.0.0.1:${ports.controller}
controller.listener.names=CONTROLLER
advertised.listeners=PLAINTEXT://127.0.0.1:${ports.advertised}
log.dirs=${logDir}
# Topics are defined in lib/config/topics.ts; a misspelt name must not create another.
auto.create.topics.enable=false
${node ? REPLICATED : NOT_REPLICATED}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# After kill -9 the controller rejects the new broker until the session of the old one ends (default: 9 s).
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=400
# A record is acknowledged once the kernel has it, so kill -9 of the process loses nothing and no fsync is needed.
log.segment.bytes=134217728
log.retention.check.interval.ms=60000
log.cleaner.dedupe.buffer.size=16777216
num.recovery.threads.per.data.dir=2
`;

/** The archive of the broker's loaded classes, see class-archive.ts. Empty if it could not be created. */
export const classArchive = (lib: string): string => join(lib, 'kafka.jsa');

const sharedClasses = (archive: string) =>
  (statSync(archive, { throwIfNoEntry: false })?.size ?? 0) > 0 ? [`-XX:SharedArchiveFile=${archive}`] : [];

/**
 * Paths are relative to the data folder, the working directory, because its name may contain characters that a
 * properties file does not support (non-ASCII letters, commas). The command line names the folder, because processes of
 * an earlier run are recognised by it.
 */
const java = (dir: string, lib: string, main: string, ...args: string[]) => [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  ...sharedClasses(classArchive(lib)),
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  `-Demoji.streaming.data=${dir}/`,
  '-cp',
  [join(lib, '*')].join(delimiter),
  main,
  ...args,
];

/** An id that begins with a dash would be read as an option; Kafka's own generator avoids it too. */
export const newClusterId = (): string => randomBytes(16).toString('base64url').replace(/^-/, '_');

/** Formats a folder under a temporary name, so that a folder called `kafka` is always complete. */
async function format(dir: string, lib: string, node?: Node): Promise<void> {
  const data = join(dir, 'kafka');
  if (existsSync(data)) return;
  const draft = join(dir, 'kafka.new');
  rmSync(draft, { recursive: true, force: true });
  const config = join(dir, 'format.properties');
  writeFileSync(config, properties({ port: 9092, advertised: 9092, controller: 9093 }, 'kafka.new', node));
  const id = node?.clusterId ?? newClusterId();
  const args = java(dir, lib, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', 'format.properties');
  const done = await runProgram('java', args, 60_000, javaEnvironment(), dir);
  if (!done.ok) throw new SetupError(`Kafka's data folder could not be prepared:\n${done.output.trim()}`);
  rmSync(config);
  renameSync(draft, data);
}

const clusterId = (dir: string): string | undefined =>
  /^cluster\.id=(\S+)$/m.exec(readFileSync(join(dir, 'kafka', 'meta.properties'), 'utf8'))?.[1];

/** Whether our broker, which has the cluster id of the data folder, answers on the port, and not another one. */
async function brokerAnswers(port: number, cluster: string | undefined): Promise<boolean> {
  const retry = { retries: 0 };
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    retry,
  });
  const admin = kafka.admin({ retry });
  try {
    await admin.connect();
    // It must also have joined its cluster.
    const described = await admin.describeCluster();
    return described.clusterId === cluster && described.brokers.length > 0;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

interface KafkaOptions {
  /** The port that clients are told to use. */
  advertised?: number;
  /** A file that Java writes the loaded classes to when the broker is stopped. */
  archiveAtExit?: string;
  /** With it, this is one of several brokers. */
  node?: Node;
}

export function kafkaService(
  dir: DataDir,
  lib: string,
  port: number,
  version: string,
  { advertised = port, archiveAtExit, node }: KafkaOptions = {},
): Service {
  let controller: PortClaim | undefined;
  const service = createService({
    name: `Apache Kafka ${version}`,
    pidFile: dir.pidFile('kafka'),
    output: join(dir.path, 'logs', 'kafka.log'),
    async command() {
      await format(dir.path, lib, node);
      const config = join(dir.path, 'server.properties');
      mkdirSync(dir.path, { recursive: true });
      // With one broker the controller's port may change with each start, because only the broker itself uses it.
      controller?.release();
      controller = node ? undefined : await claimPort(0);
      const ports = { port, advertised, controller: controller?.port ?? node?.controller ?? 0 };
      writeFileSync(config, properties(ports, 'kafka', node));
      const archiving = archiveAtExit === undefined ? [] : [`-XX:ArchiveClassesAtExit=${archiveAtExit}`];
      const args = [...archiving, ...java(dir.path, lib, 'kafka.Kafka', 'server.properties')];
      return { program: 'java', args, env: javaEnvironment(), cwd: dir.path };
    },
    ready: () => brokerAnswers(port, clusterId(dir.path)),
    ports: [port],
    readyMs: 60_000,
    stopSignal: 'SIGTERM',
    graceMs: archiveAtExit === undefined ? 5000 : 60_000,
  });
  const { stop } = service;
  // Not spread: `pid` is a getter.
  return Object.assign(service, {
    async stop() {
      await stop();
      controller?.release();
    },
  });
}

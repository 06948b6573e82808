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
  /** Where clients are told to come: another port when something stands between, such as a proxy. */
  advertised: number;
  controller: number;
}

const properties = ({ port, advertised, controller }: Ports, logDir: string) => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${advertised}
log.dirs=${logDir}
# Topics, their partitions and retention are written down in one place; a misspelt name must not create another.
auto.create.topics.enable=false
# One node: nothing to replicate to, nobody to wait for.
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# After kill -9 the controller refuses the new broker until the old one's session is over (default: 9 s).
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=400
# A record is acknowledged once the kernel has it: kill -9 of the process loses nothing, so no fsync per record.
log.segment.bytes=134217728
log.retention.check.interval.ms=60000
log.cleaner.dedupe.buffer.size=16777216
num.recovery.threads.per.data.dir=2
`;

/** Classes of a broker as Java keeps them for its next start: see class-archive.ts. Empty when there could be none. */
export const classArchive = (lib: string): string => join(lib, 'kafka.jsa');

const sharedClasses = (archive: string) =>
  (statSync(archive, { throwIfNoEntry: false })?.size ?? 0) > 0 ? [`-XX:SharedArchiveFile=${archive}`] : [];

/**
 * Paths of the data folder are relative to it, as the working directory: its name may hold what a properties file, or a
 * list of folders in one, can't (letters that are not ASCII, a comma). The command line names it all the same, since by
 * that a leftover is known.
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

/** Formats under another name first: a folder called `kafka` is always a complete one. */
async function format(dir: string, lib: string): Promise<void> {
  const data = join(dir, 'kafka');
  if (existsSync(data)) return;
  const draft = join(dir, 'kafka.new');
  rmSync(draft, { recursive: true, force: true });
  const config = join(dir, 'format.properties');
  writeFileSync(config, properties({ port: 9092, advertised: 9092, controller: 9093 }, 'kafka.new'));
  // As Kafka's own generator: one that begins with a dash would be read as an option.
  const id = randomBytes(16).toString('base64url').replace(/^-/, '_');
  const args = java(dir, lib, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', 'format.properties');
  const done = await runProgram('java', args, 60_000, javaEnvironment(), dir);
  if (!done.ok) throw new SetupError(`Kafka's data folder could not be prepared:\n${done.output.trim()}`);
  rmSync(config);
  renameSync(draft, data);
}

const clusterId = (dir: string): string | undefined =>
  /^cluster\.id=(\S+)$/m.exec(readFileSync(join(dir, 'kafka', 'meta.properties'), 'utf8'))?.[1];

/** Whoever answers on the port may be another's broker: ours is the one with the cluster id of the data folder. */
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
    // Listening is not enough: it must have joined its own cluster.
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
}

export function kafkaService(
  dir: DataDir,
  lib: string,
  port: number,
  version: string,
  { advertised = port, archiveAtExit }: KafkaOptions = {},
): Service {
  let controller: PortClaim | undefined;
  const service = createService({
    name: `Apache Kafka ${version}`,
    pidFile: dir.pidFile('kafka'),
    output: join(dir.path, 'logs', 'kafka.log'),
    async command() {
      await format(dir.path, lib);
      const config = join(dir.path, 'server.properties');
      mkdirSync(dir.path, { recursive: true });
      // The controller's port may differ from run to run: only the broker itself calls it.
      controller?.release();
      controller = await claimPort(0);
      writeFileSync(config, properties({ port, advertised, controller: controller.port }, 'kafka'));
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

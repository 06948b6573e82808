import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { freePort } from './free-port.ts';
import { until } from './kafka.ts';

/** The folder with Kafka's jars, for tests that start a broker. Without it they are skipped with a message. */
export const kafkaLib = (): string | undefined => {
  const lib = process.env['KAFKA_LIB'];
  if (lib !== undefined && existsSync(lib)) return lib;
  process.stderr.write('SKIPPED: tests that start a broker need KAFKA_LIB=<folder with the jars of Kafka 4>\n');
  return undefined;
};

export const USER = { username: 'alice', password: 'alice-secret' };

export interface OwnKafka {
  readonly dir: string;
  readonly plaintext: string;
  readonly saslPlaintext: string;
  readonly saslSsl: string;
  /** Address of the listener that requires a client certificate. */
  readonly ssl: string;
  readonly pem: (name: 'ca' | 'server' | 'client', kind: 'crt' | 'key') => string;
  /** Kills the broker with SIGKILL; its data is kept for `restart`. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const openssl = (dir: string, ...args: string[]): void =>
  void execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });

const KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';

/** Creates a certificate authority, a server certificate for localhost, and a client certificate, in PEM format. */
const makeCertificates = (dir: string): void => {
  openssl(dir, ...`req -x509 ${KEY} -days 2 -subj /CN=ca -keyout ca.key -out ca.crt`.split(' '));
  writeFileSync(join(dir, 'san'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  for (const name of ['server', 'client']) {
    openssl(dir, ...`req ${KEY} -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`.split(' '));
    const sign = `x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out ${name}.crt`;
    openssl(dir, ...sign.split(' '));
  }
  writeFileSync(
    join(dir, 'server.pem'),
    readFileSync(join(dir, 'server.key')) + '\n' + readFileSync(join(dir, 'server.crt')),
  );
};

const NAMES = ['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL', 'CONTROLLER'] as const;
const login = (name: string): string =>
  `org.apache.kafka.common.security.${name} required username="admin" password="admin" user_${USER.username}="${USER.password}";`;

const properties = (dir: string, ports: readonly number[]): string => {
  const listeners = NAMES.map((name, n) => `${name}://127.0.0.1:${ports[n]}`);
  const sasl = ['sasl_plaintext', 'sasl_ssl'].flatMap((listener) => [
    `listener.name.${listener}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512`,
    `listener.name.${listener}.plain.sasl.jaas.config=${login('plain.PlainLoginModule')}`,
    ...['scram-sha-256', 'scram-sha-512'].map(
      (it) =>
        `listener.name.${listener}.${it}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;`,
    ),
  ]);
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${ports[4]}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    `listeners=${listeners.join()}`,
    `advertised.listeners=${NAMES.slice(0, 4)
      .map((name, n) => `${name}://localhost:${ports[n]}`)
      .join()}`,
    `listener.security.protocol.map=${NAMES.map((name) => `${name}:${name === 'CONTROLLER' ? 'PLAINTEXT' : name}`).join()}`,
    ...sasl,
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${join(dir, 'server.pem')}`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${join(dir, 'ca.crt')}`,
    'listener.name.ssl.ssl.client.auth=required',
    `log.dirs=${join(dir, 'data')}`,
    'auto.create.topics.enable=false',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
  ].join('\n');
};

/** Uses the archive of the broker's classes beside the jars, if there is one: the broker then starts faster. */
const sharedClasses = (archive: string): string[] =>
  (statSync(archive, { throwIfNoEntry: false })?.size ?? 0) > 0 ? [`-XX:SharedArchiveFile=${archive}`] : [];

export const javaArgs = (lib: string, main: string, ...args: string[]): string[] => [
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  ...sharedClasses(join(lib, 'kafka.jsa')),
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-cp',
  join(lib, '*'),
  main,
  ...args,
];

/** Starts a broker for one test, with a listener for every security protocol. `stop` also deletes its data. */
export const startKafka = async (lib: string): Promise<OwnKafka> => {
  const dir = mkdtempSync(join(tmpdir(), 'own-kafka-'));
  makeCertificates(dir);
  // A Set, because a port may be found free twice, and Kafka requires different ports.
  const free = new Set<number>();
  while (free.size < NAMES.length) free.add(await freePort());
  const ports = [...free];
  const config = join(dir, 'server.properties');
  writeFileSync(config, properties(dir, ports));
  const scram = ['256', '512'].flatMap((bits) => [
    '--add-scram',
    `SCRAM-SHA-${bits}=[name=${USER.username},password=${USER.password}]`,
  ]);
  const format = ['format', '-t', Buffer.from('0123456789abcdef').toString('base64url'), '-c', config, ...scram];
  execFileSync('java', javaArgs(lib, 'kafka.tools.StorageTool', ...format), { stdio: 'pipe' });
  const at = (n: number): string => `localhost:${ports[n]}`;
  const run = (): Promise<() => Promise<void>> => runBroker(lib, dir, config, at(0));
  let kill = await run();
  const stop = async (): Promise<void> => {
    await kill();
    rmSync(dir, { recursive: true });
  };
  return {
    dir,
    plaintext: at(0),
    saslPlaintext: at(1),
    saslSsl: at(2),
    ssl: at(3),
    pem: (name, kind) => readFileSync(join(dir, `${name}.${kind}`), 'utf8'),
    kill: () => kill(),
    restart: async () => {
      kill = await run();
    },
    stop,
  };
};

/** @returns a function that kills the broker with SIGKILL and keeps its data */
const runBroker = async (lib: string, dir: string, config: string, server: string): Promise<() => Promise<void>> => {
  const out = openSync(join(dir, 'kafka.log'), 'a');
  const broker = spawn('java', javaArgs(lib, 'kafka.Kafka', config), { stdio: ['ignore', out, out] });
  const onExit = (): void => void broker.kill('SIGKILL');
  process.once('exit', onExit);
  const ended = new Promise<void>((resolve) => broker.once('exit', () => resolve()));
  const kill = async (): Promise<void> => {
    onExit();
    await ended;
    process.removeListener('exit', onExit);
  };
  try {
    await until('the broker', () => isReady(server, broker.exitCode), 60_000);
  } catch (error) {
    await kill();
    const log = readFileSync(join(dir, 'kafka.log'), 'utf8').slice(-2_000);
    throw new Error(`Kafka did not start:\n${log}`, { cause: error });
  }
  return kill;
};

const isReady = async (server: string, exitCode: number | null): Promise<boolean> => {
  if (exitCode !== null) throw new Error(`exit code ${exitCode}`);
  const retry = { retries: 0 };
  const client = new kafkajs.Kafka({ brokers: [server], logLevel: kafkajs.logLevel.NOTHING, retry });
  const admin = client.admin({ retry });
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length > 0;
  } catch {
    return false; // not ready yet
  } finally {
    await admin.disconnect();
  }
};

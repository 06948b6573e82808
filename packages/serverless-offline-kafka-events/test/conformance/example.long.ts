import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { compress } from 'lz4js';
import { testBrokers, TestKafka, until } from '../kafka.ts';
import { lambdaEndpoint } from '../lambda-endpoint.ts';
import { installProject, pack, PACKAGE } from '../packed.ts';

const kafka = new TestKafka();
let tarball: string;
beforeAll(async () => {
  await kafka.connect();
  tarball = pack();
}, 60_000);
afterAll(() => kafka.disconnect());

/** Installs the example with the tarball instead of the published package, and with its own topic. */
const install = (topic: string, versions: Record<string, string>): string => {
  const dir = mkdtempSync(join(tmpdir(), 'example-'));
  cpSync(join(PACKAGE, 'example'), dir, { recursive: true });
  const file = join(dir, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { devDependencies: Record<string, string> };
  Object.assign(manifest.devDependencies, versions, { 'serverless-offline-kafka-events': `file:${tarball}` });
  writeFileSync(file, JSON.stringify(manifest));
  const config = join(dir, 'serverless.yml');
  writeFileSync(config, readFileSync(config, 'utf8').replaceAll('topic: orders', `topic: ${topic}`));
  execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: dir, stdio: 'pipe' });
  return dir;
};

const LATEST = { serverless: 'npm:osls@^4.3.1', 'serverless-offline': '^14.8.2' };
const BEFORE = { serverless: 'npm:osls@^3.50.0', 'serverless-offline': '^13.10.1' };

/** Node.js 22 from npm, if npm has a package of it for this machine. */
const node22 = (): { readonly node: string } | undefined => {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    return { node: join(installProject({ [name]: '22' }), 'node_modules', name, 'bin/node') };
  } catch {
    process.stderr.write(`SKIPPED: the example on Node.js 22, since ${name}@22 cannot be installed\n`);
    return undefined;
  }
};

interface Offline {
  readonly output: () => string;
  readonly end: () => Promise<number | null>;
}

const start = (dir: string, node: string): Offline => {
  const env: NodeJS.ProcessEnv = { ...process.env, KAFKA_BROKERS: testBrokers().join(), NODE_OPTIONS: '' };
  const ports = ['--httpPort', '0', '--lambdaPort', '0', '--noAuth', '--websocketPort', '0'];
  const child: ChildProcess = spawn(
    node,
    [join(dir, 'node_modules/serverless/bin/serverless.js'), 'offline', 'start', ...ports],
    { cwd: dir, env, stdio: 'pipe' },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    output: () => output,
    end: () => {
      child.kill('SIGINT');
      return exited;
    },
  };
};

const NODE_22 = node22();

describe('the example with the packed plugin', () => {
  test.each([
    ['4', '14', `Node ${process.versions.node}`, { node: process.execPath }, LATEST],
    ['3', '13', `Node ${process.versions.node}`, { node: process.execPath }, BEFORE],
    ...(NODE_22 === undefined ? [] : [['4', '14', 'Node 22', NODE_22, LATEST] as const]),
  ])(
    'works with osls %s and serverless-offline %s on %s: it triggers its function, and drains at Ctrl-C',
    async (_osls, _offline, _version, { node }, versions) => {
      const topic = `t-example-${Date.now()}`;
      const dir = install(topic, versions);
      const offline = start(dir, node);
      try {
        await until('the ready line', () => /consumer ← .*3 partitions.* ready/.test(offline.output()), 60_000);
        await kafka.produce(topic, [{ value: '{"id":42}' }]);
        await until('the function', () => offline.output().includes('order: {"id":42}'));
        const group = `kafka-events-example-consumer-${topic}`;
        await until('the commit', async () => (await kafka.committed(group, topic)).includes(1));
      } catch (error) {
        throw new Error(`output of the example:\n${offline.output()}`, { cause: error });
      } finally {
        await offline.end();
      }
      expect(offline.output()).not.toMatch(/error|TimeoutNegativeWarning/i);
      rmSync(dir, { recursive: true });
    },
    240_000,
  );

  test('has a command line that works, and says which package must be installed for lz4', async () => {
    const sdk = { '@aws-sdk/client-lambda': '^3.0.0' };
    const dir = installProject({ 'serverless-offline-kafka-events': `file:${tarball}`, ...sdk });
    const endpoint = await lambdaEndpoint();
    const topic = await kafka.topic(1);
    await kafka.produce(topic, [{ value: 'x' }]);
    const args = ['--topic', topic, '--function-name', 'f', '--endpoint', endpoint.url, '-b', testBrokers().join()];
    const env = { ...process.env, NODE_OPTIONS: '' };
    const cli = spawn(join(dir, 'node_modules/.bin/serverless-offline-kafka-events'), args, { env });
    let output = '';
    cli.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exited = new Promise((resolve) => cli.once('exit', resolve));
    await until('the call', () => endpoint.events.length === 1);
    const codecs = kafkajs.CompressionCodecs as unknown as Record<number, () => unknown>;
    codecs[kafkajs.CompressionTypes.LZ4] = () => ({
      compress: ({ buffer }: { buffer: Buffer }) => compress(buffer),
    });
    await kafka.producer.send({ topic, compression: kafkajs.CompressionTypes.LZ4, messages: [{ value: 'y' }] });
    expect(await exited).toBe(1);
    expect(output).toContain('records are compressed with lz4: run `npm install lz4js`');
    await endpoint.close();
    rmSync(dir, { recursive: true });
  }, 120_000);
});

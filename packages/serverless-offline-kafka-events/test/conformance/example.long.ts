import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { compressFrame } from 'lz4-napi';
import { testBrokers, TestKafka, until } from '../kafka.ts';
import { lambdaEndpoint } from '../lambda-endpoint.ts';
import { pack, PACKAGE } from '../packed.ts';

const kafka = new TestKafka();
let tarball: string;
beforeAll(async () => {
  await kafka.connect();
  tarball = pack();
}, 60_000);
afterAll(() => kafka.disconnect());

/** The example with the tarball in place of the published package, on a topic of its own. */
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

interface Offline {
  readonly output: () => string;
  readonly end: () => Promise<number | null>;
}

const start = (dir: string): Offline => {
  const env: NodeJS.ProcessEnv = { ...process.env, KAFKA_BROKERS: testBrokers().join(), NODE_OPTIONS: '' };
  const ports = ['--httpPort', '0', '--lambdaPort', '0', '--noAuth', '--websocketPort', '0'];
  const child: ChildProcess = spawn(
    process.execPath,
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

describe('the example, from the tarball', () => {
  test.each([
    ['4', '14', { serverless: 'npm:osls@^4.3.1', 'serverless-offline': '^14.8.2' }],
    ['3', '13', { serverless: 'npm:osls@^3.50.0', 'serverless-offline': '^13.10.1' }],
  ])(
    'is installed with osls %s and serverless-offline %s, triggers its function, and drains at Ctrl-C',
    async (_osls, _offline, versions) => {
      const topic = `t-example-${Date.now()}`;
      const dir = install(topic, versions);
      const offline = start(dir);
      try {
        await until('ready', () => /consumer ← .*3 partitions.* ready/.test(offline.output()), 60_000);
        await kafka.produce(topic, [{ value: '{"id":42}' }]);
        await until('the function', () => offline.output().includes('order: {"id":42}'));
        const group = `kafka-events-example-consumer-${topic}`;
        await until('commit', async () => (await kafka.committed(group, topic)).includes(1));
      } catch (error) {
        throw new Error(`it said:\n${offline.output()}`, { cause: error });
      } finally {
        await offline.end();
      }
      expect(offline.output()).not.toMatch(/error/i);
      rmSync(dir, { recursive: true });
    },
    240_000,
  );

  test('the command line runs from the tarball alone, and says which package reads lz4', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'cli-'));
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', dir, tarball], { stdio: 'pipe' });
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
      compress: ({ buffer }: { buffer: Buffer }) => compressFrame(buffer),
    });
    await kafka.producer.send({ topic, compression: kafkajs.CompressionTypes.LZ4, messages: [{ value: 'y' }] });
    expect(await exited).toBe(1);
    expect(output).toContain('records are compressed with lz4: run `npm install lz4-napi`');
    await endpoint.close();
    rmSync(dir, { recursive: true });
  }, 120_000);
});

import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testBrokers, TestKafka } from '../kafka.ts';
import { installProject, pack, PACKAGE } from '../packed.ts';

const require = createRequire(import.meta.url);
/** Packages are linked from this repository, so that the test needs no network. */
const installed = (name: string): string => {
  const [folder] = require.resolve.paths(name)?.filter((it) => existsSync(join(it, name))) ?? [];
  return `file:${join(folder ?? '', name)}`;
};

const kafka = new TestKafka();
let project: string;
beforeAll(async () => {
  await kafka.connect();
  const links = Object.fromEntries(['kafkajs', 'serverless-offline', 'zod'].map((name) => [name, installed(name)]));
  project = installProject({ 'serverless-offline-kafka-events': `file:${pack()}`, ...links }, '--offline');
});
afterAll(async () => {
  await kafka.disconnect();
  rmSync(project, { recursive: true });
});

describe('the packed plugin', () => {
  test('creates topics and delivers records, and changes neither the kafkajs of the project nor the environment', async () => {
    copyFileSync(join(PACKAGE, 'test/packed-project.js'), join(project, 'run.mjs'));
    const handler = `import { BroadcastChannel } from 'node:worker_threads';
    export const consumer = async ({ records }) => {
      const values = Object.values(records).flat().map(({ value }) => Buffer.from(value, 'base64').toString());
      new BroadcastChannel('delivered').postMessage(values);
    };`;
    writeFileSync(join(project, 'handler.mjs'), handler);
    const topic = await kafka.topic(1);
    await kafka.produce(topic, [{ value: 'one', headers: { b: '1', a: '2' } }, { value: 'two' }]);
    const env = { ...process.env, NODE_OPTIONS: '' };
    const created = `t-${randomUUID()}`;
    const args = ['run.mjs', testBrokers().join(), topic, created];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: project, env, timeout: 60_000 });
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
      values: ['one', 'two'],
      kafkajsUntouched: true,
      environmentUntouched: true,
    });
    expect(await kafka.admin.fetchTopicOffsets(created)).toHaveLength(2);
  });

  test('has type declarations without errors', () => {
    const code = `import KafkaEventsPlugin, { type KafkaEventsOptions } from 'serverless-offline-kafka-events';
export const options: KafkaEventsOptions = { log: 'batches', createTopics: [{ topic: 'orders' }] };
// @ts-expect-error an unknown option
export const wrong: KafkaEventsOptions = { logs: 'batches' };
export const hooks: object = KafkaEventsPlugin.prototype.start;
`;
    writeFileSync(join(project, 'index.ts'), code);
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023'];
    const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, ...options, 'index.ts'], { cwd: project, encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  test('says what to install for invocations through the Invoke API', async () => {
    const cli = join(project, 'node_modules/.bin/serverless-offline-kafka-events');
    const args = ['--topic', 'orders', '--function-name', 'f', '--broker', testBrokers().join()];
    const env = { ...process.env, NODE_OPTIONS: '' };
    await expect(promisify(execFile)(cli, args, { env })).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npm install @aws-sdk/client-lambda'),
    });
  });

  test.each(['README.md', 'CHANGELOG.md', 'CONFORMANCE.md'])('contains every file that %s links to', (page) => {
    const root = join(project, 'node_modules/serverless-offline-kafka-events');
    const links = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)];
    const missing = links.map(([, path = '']) => path).filter((path) => !existsSync(join(root, dirname(page), path)));
    expect(missing).toEqual([]);
  });
});

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { runCli } from '../../src/cli/run.ts';
import { testBrokers, TestKafka, until } from '../kafka.ts';
import { lambdaEndpoint } from '../lambda-endpoint.ts';
import { numbered, text } from '../rigs.ts';

const kafka = new TestKafka();
beforeAll(() => kafka.connect());
afterAll(() => kafka.disconnect());

const running = new Set<AbortController>();
const children: ChildProcess[] = [];
afterEach(() => {
  for (const it of running) it.abort();
  for (const child of children) child.kill('SIGKILL');
});

interface Running {
  readonly lines: string[];
  readonly stop: () => void;
  readonly exitCode: Promise<number>;
}

const run = (...args: string[]): Running => {
  const lines: string[] = [];
  const add = (line: string): void => void lines.push(line);
  const log = { notice: add, warning: add, error: add, debug: () => undefined };
  const stop = new AbortController();
  running.add(stop);
  const exitCode = runCli(args, { env: { KAFKA_BROKERS: testBrokers().join() }, log, stop: stop.signal });
  return { lines, stop: () => stop.abort(), exitCode };
};

describe('the command line', () => {
  test('polls a topic, invokes a function at an endpoint, retries after errors, and drains when stopped', async () => {
    const topic = await kafka.topic(2);
    await kafka.produce(topic, numbered(20, 2));
    let calls = 0;
    const endpoint = await lambdaEndpoint(() => {
      if ((calls += 1) === 1) throw new Error('first');
    });
    const group = `--self-managed-kafka-event-source-config={"ConsumerGroupId":"g-${topic}"}`;
    const cli = run('--function-name', 'my-function', '--topic', topic, '--endpoint', endpoint.url, group);
    await until('the commits', async () =>
      (await kafka.committed(`g-${topic}`, topic)).every((offset) => offset === 10),
    );
    cli.stop();
    expect(await cli.exitCode).toBe(0);
    await endpoint.close();
    expect([...endpoint.names]).toEqual(['my-function']);
    const values = endpoint.events.slice(1).flatMap((event) => Object.values(event.records).flat());
    expect(new Set(values.map(({ value }) => text(value))).size).toBe(20);
    expect(cli.lines.join('\n')).toContain(`my-function ← ${topic} (group g-${topic}, 2 partitions`);
    expect(cli.lines.join('\n')).toContain('function error');
    expect(endpoint.events[0]?.eventSource).toBe('SelfManagedKafka');
  });

  test('waits for the invocation in flight after Ctrl-C, and exits with code 0', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, numbered(1, 1));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const endpoint = await lambdaEndpoint(() => held);
    const main = join(import.meta.dirname, '../../src/cli/main.ts');
    const args = ['--function-name', 'f', '--topic', topic, '--endpoint', endpoint.url, '-b', testBrokers().join()];
    const cli = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    children.push(cli);
    const exited = new Promise<number | null>((resolve) => cli.once('exit', resolve));
    await until('an invocation', () => endpoint.events.length === 1);
    cli.kill('SIGINT');
    let output = '';
    cli.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until('the log line', () => output.includes('stops and waits for the invocation in flight'));
    release();
    expect(await exited).toBe(0);
    expect(await kafka.committed(`f-${topic}`, topic)).toEqual([1]);
    await endpoint.close();
  });

  test('exits with code 2 and one error message for invalid flags, and with 0 for --help', async () => {
    const wrong = run('--function-name', 'f', '--topic', 'orders', '--batch-size', '0');
    expect(await wrong.exitCode).toBe(2);
    expect(wrong.lines).toEqual([
      'function f, kafka event of topic orders: BatchSize is 0: must be a whole number from 1 to 10000',
    ]);
    const missing = run('--topic', 'orders');
    expect(await missing.exitCode).toBe(2);
    expect(missing.lines).toEqual(['--function-name is missing. See --help.']);
    const url = run('--function-name', 'f', '--topic', 'orders', '--endpoint', 'localhost');
    expect(await url.exitCode).toBe(2);
    expect(url.lines[0]).toContain('endpoint is "localhost": must be a URL');
    const help = run('--help');
    expect(await help.exitCode).toBe(0);
    expect(help.lines[0]).toContain('--maximum-batching-window-in-seconds');
  });

  test('retries while the endpoint is not reachable', async () => {
    const topic = await kafka.topic(1);
    await kafka.produce(topic, numbered(1, 1));
    const cli = run('--function-name', 'f', '--topic', topic, '--endpoint', 'http://127.0.0.1:9');
    await until('the log line', () => cli.lines.some((line) => line.includes('function not reached')));
    cli.stop();
    expect(await cli.exitCode).toBe(0);
    expect((await kafka.committed(`f-${topic}`, topic))[0] ?? -1).toBeLessThanOrEqual(0);
  });
});

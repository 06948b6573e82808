import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runChild } from '../child.ts';
import type { Child } from '../child.ts';
import { functionService } from '../function-service.ts';
import type { FunctionService } from '../function-service.ts';
import { testBrokers, TestKafka, until } from '../kafka.ts';
import { ARN, startMapping } from '../mapping-rig.ts';

const kafka = new TestKafka();
beforeAll(() => kafka.connect());
afterAll(() => kafka.disconnect());

/** Code of a function that appends `tag` and the value of each record to a file. */
const handlers = (tag: string): string => `
  import { appendFileSync } from 'node:fs';
  export const consumer = async (event) => {
    for (const { value } of Object.values(event.records).flat())
      appendFileSync(new URL('seen', import.meta.url), '${tag}' + Buffer.from(value, 'base64') + ' ');
  };
`;

const FUNCTIONS = { consumer: {} };
let service: FunctionService;
let running: Child | undefined;
beforeEach(() => {
  service = functionService(handlers('a-'), FUNCTIONS);
});
afterEach(async () => {
  await stop();
  service.remove();
});

const offline = async (msk: Record<string, unknown>, custom: Record<string, unknown> = {}): Promise<Child> => {
  const functions = { consumer: { handler: 'handlers.consumer', events: [{ msk: { arn: ARN, ...msk } }] } };
  const kafkaEvents = { bootstrapServers: testBrokers(), ...custom };
  const args = [service.dir, JSON.stringify(functions), JSON.stringify({ kafkaEvents })];
  const child = runChild(join(import.meta.dirname, '../plugin-process.ts'), args);
  running = child;
  await until('the start', () => child.lines.includes('started'));
  return child;
};

const stop = async (): Promise<void> => {
  running?.send('stop');
  await running?.ended;
  running = undefined;
};

const seen = (): string[] => {
  const file = join(service.dir, 'seen');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
};

describe('the plugin', () => {
  test('K-71 does not poll a disabled mapping, which resumes at the committed offsets when it is enabled', async () => {
    const topic = await kafka.topic();
    const event = { topic, consumerGroupId: `g-${topic}` };
    await kafka.produce(topic, [{ value: '1' }]);
    const before = await startMapping({ Topics: [topic] }, undefined, { groupId: event.consumerGroupId });
    await until('its commit', async () => (await kafka.committed(event.consumerGroupId, topic))[0] === 1);
    await before.stop();

    await kafka.produce(topic, [{ value: '2' }]);
    const { lines } = await offline({ ...event, enabled: false });
    expect(lines).toContain(`kafka-events: consumer ← ${topic} is not polled: enabled is false`);
    const { groups } = await kafka.admin.describeGroups([event.consumerGroupId]);
    expect(groups[0]?.members).toEqual([]);
    await stop();

    await offline(event);
    await until('the second record', () => seen().length > 0);
    expect(seen()).toEqual(['a-2']);
  });

  test('K-77 creates the configured topics, serves metrics, and invokes rebuilt functions after a reload', async () => {
    const topic = `t-${randomUUID()}`;
    const plugin = await offline({ topic }, { createTopics: [{ topic, partitions: 3 }], metricsPort: 47_123 });
    const { lines } = plugin;
    await until('the ready line', () => lines.some((line) => line.includes('3 partitions') && line.endsWith('ready')));
    expect(lines).toContain('kafka-events: metrics at http://localhost:47123/');
    const body = (await (await fetch('http://127.0.0.1:47123/')).json()) as { mappings: { topic: string }[] };
    expect(body.mappings.map((it) => it.topic)).toEqual([topic]);
    await kafka.produce(topic, [{ value: '1' }]);
    await until('the old code', () => seen().length === 1);
    service.write(handlers('b-'));
    plugin.send('reload');
    await until('the reload', () => lines.includes('reloaded'));
    await kafka.produce(topic, [{ value: '2' }]);
    await until('the new code', () => seen().length === 2);
    expect(seen()).toEqual(['a-1', 'b-2']);
  });
});

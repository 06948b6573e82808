import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../free-port.ts';
import { testBrokers, TestKafka, until } from '../kafka.ts';
import { startOffline } from '../offline.ts';
import type { Offline, OfflineOptions } from '../offline.ts';

const kafka = new TestKafka();
beforeAll(() => kafka.connect());
afterAll(() => kafka.disconnect());

let running: Offline[] = [];
afterEach(async () => {
  await Promise.all(running.map((it) => it.stop()));
  running = [];
});

/** Starting the framework takes a minute on a machine with five times as much work as it has cores. */
const PATIENCE_MS = 180_000;

/** Cases that run only in `npm run conformance`, because each starts the framework. */
const long = <T>(...cases: T[]): T[] => (process.env['LONG_TESTS'] ? cases : []);

const start = (options: OfflineOptions): Offline => {
  const offline = startOffline(options);
  running.push(offline);
  return offline;
};

/** Code of a function that appends `call` to a file at each invocation, and runs `failure` in the first ones. */
const failing = (failure: string, times: number): string => `
  import { appendFileSync, existsSync, readFileSync } from 'node:fs';
  const file = new URL('calls', import.meta.url);
  export const consumer = async () => {
    appendFileSync(file, 'call ');
    const calls = readFileSync(file, 'utf8').trim().split(' ').length;
    if (calls <= ${times}) ${failure}
    return 'all "well"';
  };
`;
const calls = ({ dir }: Offline): number => {
  const file = join(dir, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').length : 0;
};

const committed = (topic: string, offline: Offline) => async (): Promise<boolean> => {
  if (/exited/.test(offline.output())) throw new Error(offline.output());
  return (await kafka.committed(`shop-consumer-${topic}`, topic))[0] === 1;
};

/** The kinds of failure of the first three invocations. */
const EVERY_KIND = `{
  if (calls === 1) throw 'text';
  if (calls === 2) Promise.reject('x');
  else process.exit(1);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
}`;

describe('serverless-offline', () => {
  const runs: [string, string, Pick<OfflineOptions, 'kafkaEvents' | 'offline'>, string][] = [
    ['offline start', 'invoke: in-process', { kafkaEvents: { invoke: 'in-process' } }, EVERY_KIND],
    ['offline', 'invoke: sdk', { kafkaEvents: { invoke: 'sdk' } }, EVERY_KIND],
    ...long<(typeof runs)[number]>([
      'offline start',
      'invoke: sdk and useInProcess',
      { kafkaEvents: { invoke: 'sdk' }, offline: { useInProcess: true } },
      `throw 'text';`,
    ]),
  ];
  test.each(runs)(
    'K-36 run as `serverless %s` with %s delivers a record again, however its function fails',
    async (command, _, options, failure) => {
      const topic = await kafka.topic();
      await kafka.produce(topic, [{ value: 'x' }]);
      const offline = start({
        ...options,
        command: command.split(' '),
        msk: { topic },
        code: failing(failure, 3),
        offline: { lambdaPort: await freePort(), ...options.offline },
      });
      await until('the commit', committed(topic, offline), PATIENCE_MS).catch((cause: unknown) => {
        throw new Error(offline.output(), { cause });
      });
      expect(calls(offline)).toBe(4);
      expect(offline.output()).toContain('function error');
      // Without `start`, too, polling ends before the process does.
      expect(await offline.stop()).toBe(0);
      running = [];
      const { groups } = await kafka.admin.describeGroups([`shop-consumer-${topic}`]);
      expect(groups[0]?.members).toEqual([]);
    },
  );

  test.each<[string, Pick<OfflineOptions, 'msk' | 'kafkaEvents'>, string]>([
    ['', { msk: { topic: 'orders', startingPositionTimestamp: 1_760_000_000_000 } }, 'not in milliseconds'],
    ...long<[string, Pick<OfflineOptions, 'msk' | 'kafkaEvents'>, string]>(
      ['start', { msk: { topic: 'orders', startingPositionTimestamp: 1_760_000_000_000 } }, 'not in milliseconds'],
      ['start', { msk: { topic: 'orders' }, kafkaEvents: { bootstrapServers: 'localhost' } }, 'bootstrapServers'],
      ['start', { msk: { topic: 'orders' }, kafkaEvents: { overrides: { nobody: {} } } }, 'nobody'],
      [
        'start',
        { msk: { topic: 'orders' }, kafkaEvents: { metricsPort: Number(testBrokers()[0]?.split(':')[1]) } },
        'must be a free port',
      ],
    ),
  ])(
    'run as `serverless offline %s` exits with code 1 if the configuration is invalid: %j',
    async (command, options, message) => {
      const offline = start({ ...options, code: '', command: ['offline', command].filter((it) => it !== '') });
      expect(await offline.ended).toBe(1);
      expect(offline.output()).toContain(message);
    },
  );
});

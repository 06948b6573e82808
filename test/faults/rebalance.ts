import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { REACTION_TOPIC } from '../../lib/config/topics.ts';
import { until } from '../support/until.ts';
import { between, oneOf } from '../support/random.ts';
import type { Fault } from './fault.ts';

const CLI = createRequire(import.meta.url).resolve('serverless-offline-kafka-events/package.json');
const CLI_MAIN = CLI.replace('package.json', 'dist/cli/main.js');
const ARN = 'arn:aws:kafka:eu-west-1:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1';

/** A second process of the plugin's poller joins the consumer group of aggregate, and leaves it again. */
export const rebalance: Fault = {
  name: 'consumer group rebalance (a poller joins and leaves)',
  on: 'single',
  share: 7,
  async run({ platform, random, heals }) {
    const flags = {
      broker: platform.kafkaBrokers,
      topic: REACTION_TOPIC,
      'event-source-arn': ARN,
      'amazon-managed-kafka-event-source-config': '{"ConsumerGroupId":"aggregate"}',
      'batch-size': '10000',
      'maximum-batching-window-in-seconds': '1',
      'function-name': 'emoji-streaming-local-aggregate',
      endpoint: `http://localhost:${platform.lambdaPort}`,
    };
    const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    const env = { ...process.env, NODE_OPTIONS: '', KAFKAJS_NO_PARTITIONER_WARNING: '1', AWS_REGION: 'eu-west-1' };
    const poller = spawn(process.execPath, [CLI_MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      let output = '';
      for (const stream of [poller.stdout, poller.stderr]) stream.on('data', (data) => (output += String(data)));
      const ended = once(poller, 'exit');
      await until('the poller has joined', () => / ready/.test(output), 20_000).catch((error: Error) => {
        throw new Error(`${error.message}: ${output}`);
      });
      await sleep(between(random, 500, 3000));
      heals();
      poller.kill(oneOf(random, ['SIGINT', 'SIGKILL']));
      await ended;
    } finally {
      poller.kill('SIGKILL');
    }
  },
};

import { setTimeout as sleep } from 'node:timers/promises';
import { REACTION_TOPIC } from '../../lib/config/topics.ts';
import { kafkaFor, withAdmin } from '../support/kafka.ts';
import { between, oneOf } from '../support/random.ts';
import { until } from '../support/until.ts';
import type { Fault, FaultContext } from './fault.ts';
import { partOf } from './platform.ts';

/** After this time (ms) the other brokers must have taken over, and consumers must have found them. */
const TAKEN_OVER_MS = 30_000;

const statusOfTap = async ({ crowd, rooms }: FaultContext) => (await crowd.tap(rooms[0] ?? 'global')).status;

/** The brokers that can be killed: the first is the controller, see `startBrokersPlatform`. */
const killable = (context: FaultContext) => partOf(context.platform, 'brokers').slice(1);

const oneKilled: Fault = {
  name: 'one of three brokers killed (kill -9)',
  on: 'brokers',
  share: 5,
  async run(context) {
    const [a, b] = killable(context);
    const broker = context.random() < 0.5 ? a : b;
    await broker?.kill('SIGKILL');
    await until(
      'taps are answered 200 by two of three brokers',
      async () => (await statusOfTap(context)) === 200,
      TAKEN_OVER_MS,
    );
    const linesOf = () => context.viewers[0]?.lines.length ?? 0;
    const before = linesOf();
    await until('clients get counts from two of three brokers', () => linesOf() > before, TAKEN_OVER_MS);
    await sleep(between(context.random, 0, 1000));
    context.heals();
    await broker?.start();
  },
};

const twoKilled: Fault = {
  name: 'two of three brokers killed (kill -9)',
  on: 'brokers',
  share: 5,
  async run(context) {
    const brokers = killable(context);
    await Promise.all(brokers.map((broker) => broker.kill('SIGKILL')));
    const status = await statusOfTap(context);
    if (status !== 503) throw new Error(`with one of three brokers a tap was answered ${status}, not 503`);
    await sleep(between(context.random, 0, 3000));
    context.heals();
    await Promise.all(brokers.map((broker) => broker.start()));
  },
};

/** Every partition gets another leader, which is moved without a broker that ends. */
const leaderMoved: Fault = {
  name: 'leaders of all partitions moved to other brokers',
  on: 'brokers',
  share: 4,
  async run({ platform, random, heals }) {
    await withAdmin(kafkaFor(platform.kafkaBrokers), async (admin) => {
      const partitions = async () =>
        (await admin.fetchTopicMetadata({ topics: [REACTION_TOPIC] })).topics[0]?.partitions ?? [];
      // The first replica is the one that is preferred as the leader.
      const partitionAssignment = (await partitions()).map(({ partitionId, leader, replicas }) => {
        const next = oneOf(random, replicas.filter((id) => id !== leader) as [number, ...number[]]);
        return { partition: partitionId, replicas: [next, ...replicas.filter((id) => id !== next)] };
      });
      await admin.alterPartitionReassignments({ topics: [{ topic: REACTION_TOPIC, partitionAssignment }] });
      await until('every partition has its new leader', async () => {
        const now = new Map((await partitions()).map(({ partitionId, leader }) => [partitionId, leader]));
        return partitionAssignment.every(({ partition, replicas }) => now.get(partition) === replicas[0]);
      });
      heals();
    });
  },
};

export const brokersFaults: readonly Fault[] = [oneKilled, twoKilled, leaderMoved];

import { clusterTopic, topicDefinitions } from '../lib/config/topics.ts';
import type { Config } from '../lib/config/variables.ts';
import type { SubscriberRef } from '../lib/domain/registration.ts';
import { type Io, readCommand, runScript, takesNothing, UsageError, wholeNumber } from './lib/cli.ts';
import { DATA_DIR_OPTION, scriptConfig, withAdmin, withRegistry } from './lib/services.ts';
import { count, table } from './lib/table.ts';
import { ensureTopics } from './lib/topics.ts';

const HELP = `npm run subscribers -- COMMAND     lists, adds and removes the subscribers of each cluster

  list                        the subscribers and how many clients each has
  add CLUSTER SUBSCRIBER      adds a subscriber, which gets the next clients; creates its partition if it is missing
  remove CLUSTER SUBSCRIBER   removes a subscriber; its clients are spread over the others of its cluster
  --data-dir PATH             uses the "npm start" with this data folder
  --help

A subscriber is a partition of its cluster's topic: subscriber 3 of cluster 0 is partition 3 of ${clusterTopic(0)}.
Broker and Redis: those of --data-dir, else KAFKA_BROKERS and REDIS_URL, else those of the running "npm start" of this clone
(of several, the one with the default data folder).

Exit code 1 when it failed, 2 for wrong usage.`;

const MAX_SUBSCRIBER = 999;

async function list(config: Config, io: Io): Promise<void> {
  const loads = await withRegistry(config, (registry) => registry.loads());
  const rows = [...loads].flatMap(([cluster, subscribers]) =>
    [...subscribers].sort(([a], [b]) => a - b).map(([id, load]) => [cluster, id, load].map(count)),
  );
  io.print(table(['cluster', 'subscriber', 'clients'], rows).join('\n'));
}

/** The partition is created first: no client may be assigned to a subscriber without one. */
async function add(config: Config, io: Io, { cluster, subscriber }: SubscriberRef): Promise<void> {
  const topic = clusterTopic(cluster);
  const definition = topicDefinitions({ clusters: config.CLUSTERS, subscribersPerCluster: subscriber + 1 }).filter(
    (each) => each.topic === topic,
  );
  const [ensured] = await withAdmin(config, (admin) => ensureTopics(admin, definition));
  if (ensured && ensured.had < ensured.partitions) {
    const before = ensured.had === 0 ? 'was created' : `had ${ensured.had} partitions`;
    io.print(`${topic} ${before} and has ${ensured.partitions} now; running functions detect it within half a minute.`);
  }
  const isNew = await withRegistry(config, (registry) => registry.addSubscriber({ cluster, subscriber }));
  io.print(`Subscriber ${subscriber} ${isNew ? 'is added to' : 'was already in'} cluster ${cluster}.`);
}

async function remove(config: Config, io: Io, { cluster, subscriber }: SubscriberRef): Promise<void> {
  const moved = await withRegistry(config, (registry) => registry.removeSubscriber({ cluster, subscriber }));
  io.print(
    `Subscriber ${subscriber} is removed from cluster ${cluster}; its clients (${count(moved)}) were moved to the others.`,
  );
}

function subscriberOf(config: Config, rest: readonly string[]): SubscriberRef {
  const [cluster, subscriber, extra] = rest;
  if (cluster === undefined || subscriber === undefined || extra !== undefined)
    throw new UsageError('add and remove need two numbers: a cluster and a subscriber.');
  return {
    cluster: wholeNumber('CLUSTER', cluster, { from: 0, to: config.CLUSTERS - 1 }),
    subscriber: wholeNumber('SUBSCRIBER', subscriber, { from: 0, to: MAX_SUBSCRIBER }),
  };
}

export async function main(args: string[], io: Io): Promise<number> {
  const given = readCommand({ args, print: io.print }, HELP, ['list', 'add', 'remove'], DATA_DIR_OPTION);
  if (!given) return 0;
  const { command, rest, values } = given;
  const config = scriptConfig(io.env, values['data-dir']);
  switch (command) {
    case 'list':
      takesNothing(command, rest);
      break;
    case 'add':
      await add(config, io, subscriberOf(config, rest));
      break;
    case 'remove':
      await remove(config, io, subscriberOf(config, rest));
  }
  await list(config, io);
  return 0;
}

await runScript(import.meta, 'subscribers', main);

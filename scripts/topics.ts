import { SetupError } from '../infra/local/errors.ts';
import { partitionCounts } from '../lib/adapters/kafka/partition-counts.ts';
import { topicDefinitions } from '../lib/config/topics.ts';
import type { Config } from '../lib/config/variables.ts';
import { type Io, readCommand, runScript, takesNothing } from './lib/cli.ts';
import { DATA_DIR_OPTION, scriptConfig, withAdmin } from './lib/services.ts';
import { count, table } from './lib/table.ts';
import { consumerGroups, describeTopic, ensureTopics, type Ensured } from './lib/topics.ts';

const HELP = `npm run topics -- COMMAND     the platform's Kafka topics

  create              creates missing topics of lib/config/topics.ts, adds missing partitions, and corrects the settings on
                      which exact counts depend
  list                lists the topics with their numbers of partitions and records
  describe [TOPIC…]   shows first and end offset of each partition, and the lag of each consumer group
  --data-dir PATH     uses the "npm start" with this data folder
  --help

Broker: that of --data-dir, else KAFKA_BROKERS, else that of the running "npm start" of this clone (of several, the one with
the default data folder), else localhost:9092. CLUSTERS and SUBSCRIBERS_PER_CLUSTER determine the topics.

Exit code 1 when it failed, 2 for wrong usage.`;

const printAll = (io: Io, lines: readonly string[]) => io.print(lines.join('\n'));
const definitionsOf = (config: Config) =>
  topicDefinitions({ clusters: config.CLUSTERS, subscribersPerCluster: config.SUBSCRIBERS_PER_CLUSTER });

async function create(config: Config, io: Io): Promise<void> {
  const ensured = await withAdmin(config, (admin) => ensureTopics(admin, definitionsOf(config)));
  const what = ({ had, partitions, changed }: Ensured) =>
    [
      had === 0 ? 'created' : had < partitions ? `had ${had}, extended` : 'exists',
      ...changed.map(({ setting, is, shouldBe }) => `${setting} was ${is}, is ${shouldBe}`),
    ].join('; ');
  const rows = ensured.map((each) => [each.topic, count(each.partitions), what(each)]);
  printAll(io, table(['topic', 'partitions', ''], rows));
}

async function list(config: Config, io: Io): Promise<void> {
  const definitions = definitionsOf(config);
  const rows = await withAdmin(config, async (admin) => {
    const counts = await partitionCounts(
      admin,
      definitions.map(({ topic }) => topic),
    );
    return Promise.all(
      definitions.map(async ({ topic, partitions }) => {
        const there = counts.get(topic);
        if (there === undefined) return [topic, '', '', 'missing'];
        const offsets = await admin.fetchTopicOffsets(topic);
        const records = offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
        return [topic, count(there), count(records), there < partitions ? `should have ${partitions} partitions` : ''];
      }),
    );
  });
  printAll(io, table(['topic', 'partitions', 'records', ''], rows));
}

async function describe(config: Config, io: Io, named: readonly string[]): Promise<void> {
  await withAdmin(config, async (admin) => {
    const existing = await admin.listTopics();
    const unknown = named.find((topic) => !existing.includes(topic));
    if (unknown) throw new SetupError(`There is no topic ${unknown}: "npm run topics -- list" lists them all.`);
    const ours = definitionsOf(config).map(({ topic }) => topic);
    const topics = named.length > 0 ? named : ours.filter((topic) => existing.includes(topic));
    if (topics.length === 0) throw new SetupError('There are no topics yet: "npm run topics -- create" creates them.');
    const allGroups = await consumerGroups(admin);
    for (const topic of topics) {
      const { partitions, groups } = await describeTopic(admin, topic, allGroups);
      const rows = partitions.map(({ partition, first, end, lag }) =>
        [partition, first, end, ...groups.map((group) => lag.get(group) ?? 0)].map(count),
      );
      printAll(io, [
        `${topic}${groups.length === 0 ? ': no consumer group has read it' : ''}`,
        ...table(['partition', 'first offset', 'end offset', ...groups.map((group) => `lag of ${group}`)], rows),
        '',
      ]);
    }
  });
}

export async function main(args: string[], io: Io): Promise<number> {
  const given = readCommand({ args, print: io.print }, HELP, ['create', 'list', 'describe'], DATA_DIR_OPTION);
  if (!given) return 0;
  const { command, rest, values } = given;
  if (command !== 'describe') takesNothing(command, rest);
  const config = scriptConfig(io.env, values['data-dir']);
  switch (command) {
    case 'create':
      await create(config, io);
      break;
    case 'list':
      await list(config, io);
      break;
    case 'describe':
      await describe(config, io, rest);
  }
  return 0;
}

await runScript(import.meta, 'topics', main);

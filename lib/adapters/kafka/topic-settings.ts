import kafkajs, { type Admin } from 'kafkajs';
import { DURABLE, type TopicDefinition } from '../../config/topics.ts';

// Node.js does not find this named export of the CommonJS module.
const { ConfigResourceTypes } = kafkajs;

/** A topic setting that differs from its definition. */
export interface SettingProblem {
  topic: string;
  setting: string;
  is: string;
  shouldBe: string;
}

/** Kafka's `config_source` of a value that was set for the topic itself. */
const SET_FOR_TOPIC = 1;

/** The replication factor of new topics; -1, the broker's default, when there are too few brokers for `DURABLE`. */
export const replicationFactor = (brokers: number): number => (brokers >= DURABLE.replicas ? DURABLE.replicas : -1);

/** The settings that a topic should have, by Kafka's names. */
export const settingsOf = ({ retentionMs, config }: TopicDefinition, brokers: number): Record<string, string> => ({
  'retention.ms': String(retentionMs),
  ...config,
  ...(brokers >= DURABLE.replicas ? DURABLE.config : {}),
});

export const countBrokers = async (admin: Admin): Promise<number> => (await admin.describeCluster()).brokers.length;

const read = async (admin: Admin, topics: readonly string[]) => {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      {
        values: new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
        own: configEntries.filter((entry) => (entry as { configSource?: number }).configSource === SET_FOR_TOPIC),
      },
    ]),
  );
};

/**
 * The settings of existing topics that differ from their definition. Retention may be longer. Settings that the broker
 * does not return are skipped, because it does not support them (Redpanda, for some of Kafka's).
 */
export const topicProblems = async (
  admin: Admin,
  definitions: readonly TopicDefinition[],
): Promise<SettingProblem[]> => {
  if (definitions.length === 0) return [];
  const [brokers, found] = [
    await countBrokers(admin),
    await read(
      admin,
      definitions.map(({ topic }) => topic),
    ),
  ];
  return definitions.flatMap((definition) => {
    const values = found.get(definition.topic)?.values;
    if (!values) return [];
    return Object.entries(settingsOf(definition, brokers)).flatMap(([setting, shouldBe]) => {
      const is = values.get(setting);
      if (is === undefined) return [];
      const isEnough =
        is === shouldBe || (setting === 'retention.ms' && (Number(is) < 0 || Number(is) > Number(shouldBe)));
      return isEnough ? [] : [{ topic: definition.topic, setting, is, shouldBe }];
    });
  });
};

/** Corrects the settings that `topicProblems` returned; other settings of these topics stay unchanged. */
export const correctSettings = async (admin: Admin, problems: readonly SettingProblem[]): Promise<void> => {
  const topics = [...new Set(problems.map(({ topic }) => topic))];
  if (topics.length === 0) return;
  const found = await read(admin, topics);
  await admin.alterConfigs({
    validateOnly: false,
    resources: topics.map((name) => ({
      type: ConfigResourceTypes.TOPIC,
      name,
      // Kafka resets settings that are not listed.
      configEntries: [
        ...new Map([
          ...(found.get(name)?.own ?? []).map(({ configName, configValue }) => [configName, configValue] as const),
          ...problems.flatMap(({ topic, setting, shouldBe }) => (topic === name ? [[setting, shouldBe] as const] : [])),
        ]),
      ].map(([key, value]) => ({ name: key, value })),
    })),
  });
};

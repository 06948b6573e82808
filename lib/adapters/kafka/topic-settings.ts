import kafkajs, { type Admin } from 'kafkajs';
import { DURABLE, type TopicDefinition } from '../../config/topics.ts';

// Not among the names that Node.js finds in this CommonJS module.
const { ConfigResourceTypes } = kafkajs;

/** A setting of a topic that is not as the platform's promises need it. */
export interface SettingProblem {
  topic: string;
  setting: string;
  is: string;
  shouldBe: string;
}

/** Kafka's number for a value that was set for this topic. */
const SET_FOR_TOPIC = 1;

/** How often a record is kept: as often as acknowledged taps need it, where there are brokers enough. */
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
 * What existing topics have that differs from their definition. Retention may be longer. A setting that the broker does
 * not tell is one that it does not have (Redpanda, for some of Kafka's).
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

/** Sets what `topicProblems` found; other settings of these topics stay as they are. */
export const mendSettings = async (admin: Admin, problems: readonly SettingProblem[]): Promise<void> => {
  const topics = [...new Set(problems.map(({ topic }) => topic))];
  if (topics.length === 0) return;
  const found = await read(admin, topics);
  await admin.alterConfigs({
    validateOnly: false,
    resources: topics.map((name) => ({
      type: ConfigResourceTypes.TOPIC,
      name,
      // Kafka removes what is not named.
      configEntries: [
        ...new Map([
          ...(found.get(name)?.own ?? []).map(({ configName, configValue }) => [configName, configValue] as const),
          ...problems.flatMap(({ topic, setting, shouldBe }) => (topic === name ? [[setting, shouldBe] as const] : [])),
        ]),
      ].map(([key, value]) => ({ name: key, value })),
    })),
  });
};

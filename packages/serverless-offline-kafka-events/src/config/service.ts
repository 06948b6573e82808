import type { CloudFormationResource, Serverless } from '../serverless.ts';
import { defineMapping } from './definition.ts';
import type { MappingDefinition } from './definition.ts';
import { KafkaEventsError } from '../errors.ts';
import { invalid } from './explain.ts';
import type { Options } from './options.ts';
import { fromKafka, fromMsk, logicalId } from './properties.ts';
import { rawMappings } from './raw-mappings.ts';
import { checkEvent } from './serverless-events.ts';

type Properties = Record<string, unknown>;
type Resources = Readonly<Record<string, CloudFormationResource>>;

interface Written {
  readonly functionKey: string;
  readonly kind: 'msk' | 'kafka';
  readonly properties: Properties;
}

/** AWS's limit for the timeout of a function behind a Kafka mapping, in seconds (K-54). */
const MAX_TIMEOUT = 840;

/**
 * Every Kafka mapping of a service: its `msk` and `kafka` events, changed by `resources` as the framework changes its
 * template (`Resources` merged, `extensions` assigned), the mappings that stand in `Resources` alone, and then the
 * local overrides. What is deployed wins over what the event says.
 * @param warn told, a line each, what runs here but may not on AWS
 * @throws KafkaEventsError CONFIG_INVALID for the first mapping that AWS would refuse
 */
export const readMappings = (
  service: Serverless['service'],
  { overrides, filterMismatch }: Pick<Options, 'overrides' | 'filterMismatch'>,
  warn: (line: string) => void,
): MappingDefinition[] => {
  const groups = new Set<string>();
  const mappings = written(service, warn);
  const changes = checkedOverrides(overrides, mappings);
  return mappings.map(({ functionKey, kind, properties }) => {
    const topic = topicOf(properties);
    const input = { ...properties, ...changes.get(functionKey), ...changes.get(`${functionKey}/${topic}`) };
    const group = unused(groups, `${service.service}-${functionKey}-${topic}`);
    const definition = defineMapping(functionKey, kind, input, group, { filterMismatch });
    const { groupId, warnings } = definition;
    if (groupId !== group && groups.has(groupId)) {
      const where = `function ${functionKey}, ${kind} event of topic ${topic}`;
      throw invalid(where, 'ConsumerGroupId', groupId, 'another Kafka mapping has it, and it must be unique');
    }
    groups.add(groupId);
    const timeout = service.getFunction(functionKey).timeout ?? service.provider.timeout ?? 6;
    if (timeout > MAX_TIMEOUT) {
      warn(`function ${functionKey}: timeout is ${timeout}: a Kafka mapping allows up to ${MAX_TIMEOUT} s`);
    }
    warnings.forEach(warn);
    return definition;
  });
};

/** @throws KafkaEventsError CONFIG_INVALID for an override that changes no mapping */
const checkedOverrides = (overrides: Options['overrides'], mappings: readonly Written[]): Map<string, Properties> => {
  const known = new Set(
    mappings.flatMap(({ functionKey, properties }) => [functionKey, `${functionKey}/${topicOf(properties)}`]),
  );
  const given = new Map(Object.entries(overrides));
  for (const name of given.keys()) {
    if (known.has(name)) continue;
    const names = known.size === 0 ? 'and there is none' : `such as ${[...known].join(', ')}`;
    throw new KafkaEventsError(
      'CONFIG_INVALID',
      `custom.kafkaEvents: overrides names "${name}": must be a function with a Kafka event, or function/topic, ${names}`,
    );
  }
  return given;
};

const written = (service: Serverless['service'], warn: (line: string) => void): Written[] => {
  const resources: Resources = service.resources?.Resources ?? {};
  const extensions: Resources = service.resources?.extensions ?? {};
  const known = new Set<string>();
  const events = service.getAllFunctions().flatMap((functionKey) =>
    (service.getFunction(functionKey).events ?? []).flatMap((each) =>
      (['msk', 'kafka'] as const).flatMap((kind) => {
        const event = each[kind];
        if (!isPlain(event)) return [];
        checkEvent(functionKey, kind, event);
        if (event['maximumBatchingWindow'] === 0) {
          warn(
            `function ${functionKey}: maximumBatchingWindow 0 is not written to the template, so 500 ms hold; ` +
              `set MaximumBatchingWindowInSeconds: 0 in resources.extensions.${logicalId(functionKey, kind, event)}`,
          );
        }
        const id = logicalId(functionKey, kind, event);
        known.add(id);
        const compiled = kind === 'msk' ? fromMsk(event) : fromKafka(event);
        const merged = merge(compiled, resources[id]?.Properties ?? {});
        return [{ functionKey, kind, properties: { ...merged, ...extensions[id]?.Properties } }];
      }),
    ),
  );
  const raw = rawMappings(service, resources, known, warn);
  return [...events, ...raw];
};

const topicOf = (properties: Properties): string => String([properties['Topics']].flat()[0]);

/** Two mappings of a function on one topic must not share a group that nobody chose: each gets all records. */
const unused = (groups: ReadonlySet<string>, name: string): string => {
  let free = name;
  for (let n = 2; groups.has(free); n++) free = `${name}-${n}`;
  return free;
};

const isPlain = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const merge = (base: Properties, changes: Properties): Properties => {
  const merged = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const own = merged[key];
    merged[key] = isPlain(own) && isPlain(value) ? merge(own, value) : value;
  }
  return merged;
};

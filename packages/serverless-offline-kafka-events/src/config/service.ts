import type { CloudFormationResource, Serverless } from '../serverless.ts';
import { defineMapping } from './definition.ts';
import type { MappingDefinition } from './definition.ts';
import { KafkaEventsError } from '../errors.ts';
import { invalid } from './explain.ts';
import type { Options } from './options.ts';
import { fromKafka, fromMsk, logicalId } from './properties.ts';
import { resourceMappings } from './resource-mappings.ts';
import { checkEvent } from './serverless-events.ts';

type Properties = Record<string, unknown>;
type Resources = Readonly<Record<string, CloudFormationResource>>;

/** A mapping as it is defined in the service, before validation. */
interface DeclaredMapping {
  readonly functionKey: string;
  readonly kind: 'msk' | 'kafka';
  readonly properties: Properties;
}

/** AWS's limit for the timeout of a function with a Kafka mapping, in seconds (K-54). */
const MAX_TIMEOUT = 840;

/**
 * Reads every Kafka mapping of a service: its `msk` and `kafka` events, and the mappings that only `resources` defines.
 * `resources` overrides properties of events as in the deployed template: `Resources` is merged, `extensions` assigned.
 * The local `overrides` are applied last.
 * @param warn is called with each warning about a setting that works here, but may not work on AWS
 * @throws KafkaEventsError CONFIG_INVALID for the first mapping that AWS would not accept
 */
export const readMappings = (
  service: Serverless['service'],
  { overrides, filterMismatch }: Pick<Options, 'overrides' | 'filterMismatch'>,
  warn: (line: string) => void,
): MappingDefinition[] => {
  const groups = new Set<string>();
  const mappings = declaredMappings(service, warn);
  const changes = checkedOverrides(overrides, mappings);
  return mappings.map(({ functionKey, kind, properties }) => {
    const topic = topicOf(properties);
    const input = { ...properties, ...changes.get(functionKey), ...changes.get(`${functionKey}/${topic}`) };
    const group = unusedGroupId(groups, `${service.service}-${functionKey}-${topic}`);
    const definition = defineMapping(functionKey, kind, input, group, { filterMismatch });
    const { groupId, warnings } = definition;
    if (groupId !== group && groups.has(groupId)) {
      const where = `function ${functionKey}, ${kind} event of topic ${topic}`;
      throw invalid(where, 'ConsumerGroupId', groupId, 'must be unique, but another Kafka mapping has the same');
    }
    groups.add(groupId);
    const timeout = service.getFunction(functionKey).timeout ?? service.provider.timeout ?? 6;
    if (timeout > MAX_TIMEOUT) {
      warn(`function ${functionKey}: timeout is ${timeout}: AWS allows up to ${MAX_TIMEOUT} s with a Kafka mapping`);
    }
    warnings.forEach(warn);
    return definition;
  });
};

/** @throws KafkaEventsError CONFIG_INVALID for an override that applies to no mapping */
const checkedOverrides = (
  overrides: Options['overrides'],
  mappings: readonly DeclaredMapping[],
): Map<string, Properties> => {
  const known = new Set(
    mappings.flatMap(({ functionKey, properties }) => [functionKey, `${functionKey}/${topicOf(properties)}`]),
  );
  const given = new Map(Object.entries(overrides));
  for (const name of given.keys()) {
    if (known.has(name)) continue;
    const names = known.size === 0 ? 'but the service has none' : `such as ${[...known].join(', ')}`;
    throw new KafkaEventsError(
      'CONFIG_INVALID',
      `custom.kafkaEvents: overrides names "${name}": must be a function with a Kafka event, or function/topic, ${names}`,
    );
  }
  return given;
};

const declaredMappings = (service: Serverless['service'], warn: (line: string) => void): DeclaredMapping[] => {
  const resources: Resources = service.resources?.Resources ?? {};
  const extensions: Resources = service.resources?.extensions ?? {};
  const known = new Set<string>();
  const events = service.getAllFunctions().flatMap((functionKey) =>
    (service.getFunction(functionKey).events ?? []).flatMap((each) =>
      (['msk', 'kafka'] as const).flatMap((kind) => {
        const event = each[kind];
        if (!isObject(event)) return [];
        checkEvent(functionKey, kind, event);
        if (event['maximumBatchingWindow'] === 0) {
          warn(
            `function ${functionKey}: maximumBatchingWindow 0 is not written to the template, so 500 ms apply; ` +
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
  return [...events, ...resourceMappings(service, resources, known, warn)];
};

const topicOf = (properties: Properties): string => String([properties['Topics']].flat()[0]);

/** A default group id must not be shared: each mapping gets all records, also two of a function on the same topic. */
const unusedGroupId = (groups: ReadonlySet<string>, name: string): string => {
  let groupId = name;
  for (let n = 2; groups.has(groupId); n++) groupId = `${name}-${n}`;
  return groupId;
};

const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const merge = (base: Properties, changes: Properties): Properties => {
  const merged = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const own = merged[key];
    merged[key] = isObject(own) && isObject(value) ? merge(own, value) : value;
  }
  return merged;
};

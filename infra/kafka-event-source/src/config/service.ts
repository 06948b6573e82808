import { defineMapping } from './definition.ts';
import type { MappingDefinition } from './definition.ts';
import { fromKafka, fromMsk, logicalId } from './properties.ts';
import type { CloudFormationResource, Serverless } from '../plugin/serverless.ts';

type Overrides = Readonly<Record<string, Record<string, unknown>>>;
type Resources = Readonly<Record<string, CloudFormationResource>> | undefined;

/**
 * Every Kafka mapping of a service: its `msk` and `kafka` events with what `resources` changes in the generated
 * template (a shallow assign, as osls does it), then with the local overrides.
 * @throws KafkaEventsError CONFIG_INVALID for the first mapping that AWS would refuse
 */
export const readMappings = (service: Serverless['service'], overrides: Overrides): MappingDefinition[] => {
  const { Resources: resources, extensions } = service.resources ?? {};
  return service.getAllFunctions().flatMap((key) =>
    (service.getFunction(key).events ?? []).flatMap((event) =>
      (['msk', 'kafka'] as const)
        .filter((kind) => isObject(event[kind]))
        .map((kind) => {
          const written = event[kind] as Record<string, unknown>;
          const id = logicalId(key, kind, written);
          const input = {
            ...(kind === 'msk' ? fromMsk(written) : fromKafka(written)),
            ...propertiesOf(resources, id),
            ...propertiesOf(extensions, id),
            ...overrides[key],
            ...overrides[`${key}/${String(written['topic'])}`],
          };
          return defineMapping(key, kind, input, `${service.service}-${key}-${String(written['topic'])}`);
        }),
    ),
  );
};

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const propertiesOf = (resources: Resources, id: string): Record<string, unknown> => resources?.[id]?.Properties ?? {};

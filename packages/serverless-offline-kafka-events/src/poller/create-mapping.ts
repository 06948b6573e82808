import type { Broker } from '../broker/port.ts';
import type { MappingDefinition } from '../config/definition.ts';
import { failureDestination } from '../destination/choose.ts';
import { destinationTarget } from '../destination/target.ts';
import type { Resources } from '../destination/target.ts';
import type { EventSource } from '../event.ts';
import { compileFilters } from '../filter/index.ts';
import type { Invoker } from '../invoker/port.ts';
import type { Log } from '../log.ts';
import { Mapping } from './mapping.ts';
import type { MappingDeps } from './mapping.ts';

export interface CreateMappingDeps {
  readonly definition: MappingDefinition;
  readonly broker: Broker;
  readonly invoker: Invoker;
  readonly log: Log;
  readonly sessionTimeoutMs: number;
  readonly retryDelayMs: MappingDeps['retryDelayMs'];
  readonly logBatches: boolean;
  readonly functionArn: string;
  readonly region: string;
  /** Resources of the service, which an on-failure destination may refer to. */
  readonly resources?: Resources | undefined;
  /** An absolute path. */
  readonly failureFolder: string;
}

/**
 * Creates a mapping with its filter and its on-failure destination, without starting it.
 * @throws KafkaEventsError CONFIG_INVALID for an unknown destination, PEER_MISSING if its client is not installed
 */
export const createMapping = async (deps: CreateMappingDeps): Promise<Mapping> => {
  const { definition, broker, invoker, log, functionArn, region, failureFolder } = deps;
  const { kind, arn, topic, groupId, functionKey, filterPatterns, filterMismatch, properties } = definition;
  const source: EventSource = { kind, arn, topic, bootstrapServers: broker.bootstrapServers };
  const target = destinationTarget(
    properties.DestinationConfig?.OnFailure?.Destination,
    `function ${functionKey}, ${kind} event of topic ${topic}`,
    region,
    deps.resources,
  );
  const origin = { source, functionArn };
  return new Mapping({
    definition,
    source,
    broker,
    invoker,
    filter: compileFilters(filterPatterns, { topic, mismatch: filterMismatch }),
    destination:
      target &&
      (await failureDestination(target, { broker, origin, mappingId: groupId, failureFolder, now: Date.now })),
    log,
    logBatches: deps.logBatches,
    sessionTimeoutMs: deps.sessionTimeoutMs,
    retryDelayMs: deps.retryDelayMs,
  });
};

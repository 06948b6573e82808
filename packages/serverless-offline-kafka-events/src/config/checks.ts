import { invalid } from './explain.ts';
import type { MappingProperties } from './properties-schema.ts';

const AUTHENTICATION = new Set([
  'BASIC_AUTH',
  'SASL_SCRAM_256_AUTH',
  'SASL_SCRAM_512_AUTH',
  'CLIENT_CERTIFICATE_TLS_AUTH',
]);

const destinationOf = (parsed: MappingProperties): unknown => parsed.DestinationConfig?.OnFailure?.Destination;

/** @throws KafkaEventsError CONFIG_INVALID for fields that AWS does not allow together */
export const checkContradictions = (kind: 'msk' | 'kafka', parsed: MappingProperties, where: string): void => {
  const other = kind === 'msk' ? 'SelfManagedKafkaEventSourceConfig' : 'AmazonManagedKafkaEventSourceConfig';
  const own = kind === 'msk' ? 'AmazonManagedKafkaEventSourceConfig' : 'SelfManagedKafkaEventSourceConfig';
  if (parsed[other] !== undefined) throw invalid(where, other, parsed[other], `a ${kind} event has ${own} instead`);
  if (parsed.EventSourceArn !== undefined && parsed.SelfManagedEventSource !== undefined) {
    throw invalid(where, 'EventSourceArn', parsed.EventSourceArn, 'must not be combined with SelfManagedEventSource');
  }
  const { MinimumPollers: min = 1, MaximumPollers: max } = parsed.ProvisionedPollerConfig ?? {};
  if (max !== undefined && max < min) {
    throw invalid(where, 'ProvisionedPollerConfig.MaximumPollers', max, `must be at least MinimumPollers, ${min}`);
  }
  const destination = destinationOf(parsed);
  if (destination === `kafka://${parsed.Topics[0]}`) {
    throw invalid(where, 'DestinationConfig.OnFailure.Destination', destination, 'must be another topic');
  }
  const methods = parsed.SourceAccessConfigurations.map(({ Type }) => Type).filter((type) => AUTHENTICATION.has(type));
  if (methods.length > 1) {
    throw invalid(where, 'SourceAccessConfigurations', methods, 'must have only one authentication method');
  }
};

/** Warnings about settings that work here, but on AWS only in provisioned mode or with a raised quota (K-55, K-68). */
export const awsWarnings = (parsed: MappingProperties): string[] => {
  const lines: string[] = [];
  const filters = parsed.FilterCriteria?.Filters.length ?? 0;
  if (filters > 5) lines.push(`FilterCriteria.Filters has ${filters} filters: AWS allows 5, or 10 with a raised quota`);
  if (parsed.ProvisionedPollerConfig !== undefined) return lines;
  const destination = destinationOf(parsed);
  const provisionedOnly = {
    MaximumRetryAttempts: parsed.MaximumRetryAttempts !== -1,
    MaximumRecordAgeInSeconds: parsed.MaximumRecordAgeInSeconds !== -1,
    BisectBatchOnFunctionError: parsed.BisectBatchOnFunctionError,
    FunctionResponseTypes: parsed.FunctionResponseTypes.length > 0,
    'a kafka:// destination': typeof destination === 'string' && destination.startsWith('kafka://'),
  };
  for (const [field, used] of Object.entries(provisionedOnly)) {
    if (used) lines.push(`AWS allows ${field} in provisioned mode only: add ProvisionedPollerConfig`);
  }
  return lines;
};

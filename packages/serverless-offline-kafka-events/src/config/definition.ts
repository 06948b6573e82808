import type { StartingPosition } from '../broker/port.ts';
import { checkPattern } from '../filter/index.ts';
import type { FilterMismatch } from '../filter/index.ts';
import { awsWarnings, checkContradictions } from './checks.ts';
import { invalid, parseOrExplain, show } from './explain.ts';
import { propertiesSchema } from './properties-schema.ts';
import type { MappingProperties } from './properties-schema.ts';

/** One validated event source mapping, whether it was defined as an event, in `resources` or by command-line flags. */
export interface MappingDefinition {
  readonly functionKey: string;
  readonly kind: 'msk' | 'kafka';
  /** MSK cluster ARN (K-02). */
  readonly arn?: string;
  readonly topic: string;
  readonly groupId: string;
  readonly batchSize: number;
  /** Batching window in milliseconds: 500 by default (K-15); 0 delivers records at once (K-19). */
  readonly windowMs: number;
  readonly enabled: boolean;
  readonly startingPosition: StartingPosition;
  /** Validated patterns for `compileFilters`. Without patterns every record is delivered. */
  readonly filterPatterns: readonly string[];
  /** What to do with a value whose format (JSON or plain text) differs from the pattern's (K-59). */
  readonly filterMismatch: FilterMismatch;
  /** One line for each setting that works here, but may not work on AWS. */
  readonly warnings: readonly string[];
  readonly properties: MappingProperties;
}

export interface DefinitionOptions {
  readonly filterMismatch?: FilterMismatch;
}

/**
 * @param functionKey the function's key in serverless.yml, or its name
 * @param input properties of `AWS::Lambda::EventSourceMapping`
 * @param defaultGroup used when the mapping names no group; AWS uses the mapping's UUID (K-29)
 * @throws KafkaEventsError CONFIG_INVALID naming function, field, value and allowed range
 */
export const defineMapping = (
  functionKey: string,
  kind: 'msk' | 'kafka',
  input: Record<string, unknown>,
  defaultGroup: string,
  { filterMismatch = 'deliver' }: DefinitionOptions = {},
): MappingDefinition => {
  const topics = input['Topics'];
  const where = `function ${functionKey}, ${kind} event of topic ${Array.isArray(topics) ? topics.join() : show(topics)}`;
  const parsed = parseOrExplain(propertiesSchema, where, input);
  checkContradictions(kind, parsed, where);
  const filterPatterns = (parsed.FilterCriteria?.Filters ?? []).map(({ Pattern }) => Pattern);
  const filterWarnings = filterPatterns.flatMap((pattern, n) => {
    const field = `FilterCriteria.Filters.${n}.Pattern`;
    const { problem, warnings } = checkPattern(pattern);
    if (problem !== undefined) throw invalid(where, field, pattern, `Invalid filter pattern definition: ${problem}`);
    return warnings.map((line) => `${field}: ${line}`);
  });
  const group = (kind === 'msk' ? parsed.AmazonManagedKafkaEventSourceConfig : parsed.SelfManagedKafkaEventSourceConfig)
    ?.ConsumerGroupId;
  return Object.freeze({
    functionKey,
    kind,
    ...(kind === 'msk' ? { arn: arnOf(parsed.EventSourceArn) } : {}),
    topic: parsed.Topics[0],
    groupId: group ?? defaultGroup,
    batchSize: parsed.BatchSize,
    windowMs: parsed.MaximumBatchingWindowInSeconds === undefined ? 500 : parsed.MaximumBatchingWindowInSeconds * 1000,
    enabled: parsed.Enabled,
    startingPosition: startingPosition(parsed, where),
    filterPatterns,
    filterMismatch,
    warnings: [...awsWarnings(parsed), ...filterWarnings].map((line) => `${where}: ${line}`),
    properties: parsed,
  });
};

const startingPosition = (parsed: MappingProperties, where: string): StartingPosition => {
  const { StartingPosition: kind, StartingPositionTimestamp: seconds } = parsed;
  if (kind !== 'AT_TIMESTAMP') return { kind };
  if (seconds === undefined) {
    throw invalid(
      where,
      'StartingPositionTimestamp',
      seconds,
      'StartingPosition AT_TIMESTAMP requires a Unix time in seconds, for example 1760000000',
    );
  }
  return { kind, timestampMs: Math.round(seconds * 1000) };
};

/** Returns an ARN unchanged. For a reference it returns a placeholder in ARN format, since nothing is deployed here. */
const arnOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const name = typeof value === 'object' && value !== null ? Object.values(value).flat().join('-') : 'local';
  return `arn:aws:kafka:us-east-1:000000000000:cluster/${name}/00000000-0000-0000-0000-000000000000-1`;
};

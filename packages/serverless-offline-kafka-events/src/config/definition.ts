import type { StartingPosition } from '../broker/port.ts';
import { checkPattern } from '../filter/index.ts';
import type { FilterMismatch } from '../filter/index.ts';
import { checkContradictions, cautions } from './checks.ts';
import { invalid, parseOrExplain, show } from './explain.ts';
import { propertiesSchema } from './properties-schema.ts';
import type { MappingProperties } from './properties-schema.ts';

/** One validated event source mapping, whatever it was written in. */
export interface MappingDefinition {
  readonly functionKey: string;
  readonly kind: 'msk' | 'kafka';
  /** MSK cluster ARN (K-02). */
  readonly arn?: string;
  readonly topic: string;
  readonly groupId: string;
  readonly batchSize: number;
  /** Milliseconds: 500 when the mapping does not say (K-15), 0 means at once (K-19). */
  readonly windowMs: number;
  readonly enabled: boolean;
  readonly startingPosition: StartingPosition;
  /** For `compileFilters`; validated. Empty: everything passes. */
  readonly filterPatterns: readonly string[];
  /** What a value of another format than its pattern means (K-59). */
  readonly filterMismatch: FilterMismatch;
  /** What runs here but may not on AWS, a line each. */
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
    warnings: [...cautions(parsed), ...filterWarnings].map((line) => `${where}: ${line}`),
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
      'AT_TIMESTAMP needs it, in Unix seconds, for example 1760000000',
    );
  }
  return { kind, timestampMs: Math.round(seconds * 1000) };
};

/** A plain ARN as it is; a reference becomes a placeholder ARN of the right shape, since nothing is deployed here. */
const arnOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const name = typeof value === 'object' && value !== null ? Object.values(value).flat().join('-') : 'local';
  return `arn:aws:kafka:us-east-1:000000000000:cluster/${name}/00000000-0000-0000-0000-000000000000-1`;
};

import type { BrokerRecord } from '../broker/port.ts';
import { decode } from './decode.ts';
import type { Decoded } from './decode.ts';
import type { Json } from './json.ts';
import { matcher } from './match.ts';
import { PatternError } from './pattern-error.ts';
import { parsePattern } from './pattern.ts';
import type { Conjunction, ParsedPattern } from './pattern.ts';

/**
 * What happens when a value's format is not its pattern's (JSON against plain text, or no UTF-8): AWS's table says that
 * the value part is skipped, so that a filter on the value alone lets the record through; its prose can be read as a
 * drop (K-59).
 */
export type FilterMismatch = 'deliver' | 'drop';

export interface FilterOptions {
  readonly topic: string;
  readonly mismatch: FilterMismatch;
}

const DATA = ['key', 'value'] as const;
const METADATA = ['topic', 'partition', 'offset', 'timestamp', 'timestampType'];
/** EventBridge has them; the filter page of Lambda does not list them. */
const UNLISTED_OPERATORS = ['wildcard', 'cidr'];

/** What is wrong with a pattern, if anything, and what AWS may see otherwise (K-56). */
export const checkPattern = (pattern: string): { problem?: string; warnings: string[] } => {
  try {
    const { alternatives, operators } = parsePattern(pattern);
    const fields = new Set(alternatives.flatMap((it) => [...it.values()].map(({ path }) => path[0] ?? '')));
    fields.delete('value');
    return {
      warnings: [
        ...[...fields].map((field) =>
          field === 'key' || METADATA.includes(field)
            ? `${field} is filtered here; AWS documents value only`
            : `${field} is no field of a Kafka record: such a filter matches nothing`,
        ),
        ...UNLISTED_OPERATORS.filter((it) => operators.has(it)).map(
          (operator) => `${operator} works here; Lambda's filter page does not list it`,
        ),
      ],
    };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return { problem: error.message, warnings: [] };
  }
};

/**
 * Says of a record whether the function gets it: any of the patterns matches (K-55). `undefined` without patterns.
 * Pure; records are decoded once, whatever the number of patterns.
 * @throws PatternError for a pattern that `checkPattern` refuses
 */
export const compileFilters = (
  patterns: readonly string[],
  { topic, mismatch }: FilterOptions,
): ((record: BrokerRecord) => boolean) | undefined => {
  if (patterns.length === 0) return undefined;
  const parsed = patterns.map(parsePattern);
  const keepNumbers = parsed.some(({ plainNumbers }) => plainNumbers);
  const rules = parsed.flatMap(({ alternatives }: ParsedPattern) => alternatives).map((it) => compile(it, keepNumbers));
  const numeral = (n: number): Json => (keepNumbers ? `\0${n}` : n);
  const usesKey = rules.some(({ formats }) => formats.key !== undefined);
  return (record) => {
    const value = decode(record.value, keepNumbers);
    const key: Decoded = usesKey ? decode(record.key, keepNumbers) : { format: 'absent' };
    const fields: Record<string, Json> = {
      topic,
      partition: numeral(record.partition),
      offset: numeral(record.offset),
      timestamp: numeral(record.timestamp),
      timestampType: record.timestampType,
    };
    if ('value' in value) fields['value'] = value.value;
    if ('value' in key) fields['key'] = key.value;
    return rules.some((rule) => rule.matches(fields, { key, value }, mismatch));
  };
};

type Format = 'json' | 'plain';
type Formats = Partial<Record<(typeof DATA)[number], Format>>;

interface Rule {
  readonly formats: Formats;
  matches(fields: { [key: string]: Json }, data: { key: Decoded; value: Decoded }, mismatch: FilterMismatch): boolean;
}

const compile = (conjunction: Conjunction, keepNumbers: boolean): Rule => {
  const leaves = [...conjunction.entries()];
  const formats: Formats = {};
  for (const [, { path }] of leaves) {
    const part = DATA.find((it) => it === path[0]);
    if (part) formats[part] = path.length === 1 ? 'plain' : 'json';
  }
  const matcherWithout = (skipped: readonly string[]): ((value: Json) => boolean) =>
    matcher(new Map(leaves.filter(([, { path }]) => !skipped.includes(path[0] ?? ''))), keepNumbers);
  const matchers = new Map<string, (value: Json) => boolean>();
  return {
    formats,
    matches: (fields, data, mismatch) => {
      const skipped = DATA.filter((part) => {
        const { format } = data[part];
        return formats[part] !== undefined && format !== 'absent' && format !== formats[part];
      });
      if (skipped.length > 0 && mismatch === 'drop') return false;
      const key = skipped.join();
      const match = matchers.get(key) ?? matcherWithout(skipped);
      matchers.set(key, match);
      return match(fields);
    },
  };
};

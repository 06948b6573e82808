import type { BrokerRecord } from '../broker/port.ts';
import { decode } from './decode.ts';
import type { Decoded } from './decode.ts';
import type { Json } from './json.ts';
import { matcher } from './match.ts';
import { PatternError } from './pattern-error.ts';
import { parsePattern } from './pattern.ts';
import type { Conjunction, ParsedPattern } from './pattern.ts';

/**
 * What to do if the format of a value (JSON, plain text, or not UTF-8) differs from that of the pattern (K-59).
 * `deliver`: the conditions on the value are ignored, as in AWS's table; a pattern without other conditions matches.
 * `drop`: the pattern does not match, which is another reading of the text on AWS's page.
 */
export type FilterMismatch = 'deliver' | 'drop';

export interface FilterOptions {
  readonly topic: string;
  readonly mismatch: FilterMismatch;
}

const DATA_FIELDS = ['key', 'value'] as const;
const METADATA = ['topic', 'partition', 'offset', 'timestamp', 'timestampType'];
/** Operators of EventBridge that the filter page of Lambda does not list. */
const UNLISTED_OPERATORS = ['wildcard', 'cidr'];

/** Returns the problem of an invalid pattern, and warnings about parts that may not work on AWS (K-56). */
export const checkPattern = (pattern: string): { problem?: string; warnings: string[] } => {
  try {
    const { alternatives, operators } = parsePattern(pattern);
    const fields = new Set(alternatives.flatMap((it) => [...it.values()].map(({ path }) => path[0] ?? '')));
    fields.delete('value');
    return {
      warnings: [
        ...[...fields].map((field) =>
          field === 'key' || METADATA.includes(field)
            ? `filters on ${field} work here, but AWS documents filters on value only`
            : `${field} is not a field of a Kafka record, so this filter matches nothing`,
        ),
        ...UNLISTED_OPERATORS.filter((it) => operators.has(it)).map(
          (operator) => `${operator} works here, but Lambda's documentation of filters does not list it`,
        ),
      ],
    };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return { problem: error.message, warnings: [] };
  }
};

/**
 * Returns a function that accepts a record if any of the patterns matches it (K-55), or `undefined` without patterns.
 * No I/O. A record is decoded once, regardless of the number of patterns.
 * @throws PatternError for an invalid pattern, see `checkPattern`
 */
export const compileFilters = (
  patterns: readonly string[],
  { topic, mismatch }: FilterOptions,
): ((record: BrokerRecord) => boolean) | undefined => {
  if (patterns.length === 0) return undefined;
  const parsed = patterns.map(parsePattern);
  const keepNumberText = parsed.some(({ plainNumbers }) => plainNumbers);
  const alternatives = parsed.flatMap((pattern: ParsedPattern) => pattern.alternatives);
  const rules = alternatives.map((it) => compile(it, keepNumberText));
  const number = (n: number): Json => (keepNumberText ? `\0${n}` : n);
  const usesKey = rules.some(({ formats }) => formats.key !== undefined);
  return (record) => {
    const value = decode(record.value, keepNumberText);
    const key: Decoded = usesKey ? decode(record.key, keepNumberText) : { format: 'absent' };
    const fields: Record<string, Json> = {
      topic,
      partition: number(record.partition),
      offset: number(record.offset),
      timestamp: number(record.timestamp),
      timestampType: record.timestampType,
    };
    if ('value' in value) fields['value'] = value.value;
    if ('value' in key) fields['key'] = key.value;
    return rules.some((rule) => rule.matches(fields, { key, value }, mismatch));
  };
};

type Format = 'json' | 'plain';
type Formats = Partial<Record<(typeof DATA_FIELDS)[number], Format>>;

interface Rule {
  readonly formats: Formats;
  matches(fields: { [key: string]: Json }, data: { key: Decoded; value: Decoded }, mismatch: FilterMismatch): boolean;
}

const compile = (conjunction: Conjunction, keepNumberText: boolean): Rule => {
  const leaves = [...conjunction.entries()];
  const formats: Formats = {};
  for (const [, { path }] of leaves) {
    const field = DATA_FIELDS.find((it) => it === path[0]);
    if (field) formats[field] = path.length === 1 ? 'plain' : 'json';
  }
  const matcherWithout = (skipped: readonly string[]): ((value: Json) => boolean) =>
    matcher(new Map(leaves.filter(([, { path }]) => !skipped.includes(path[0] ?? ''))), keepNumberText);
  const matchers = new Map<string, (value: Json) => boolean>();
  return {
    formats,
    matches: (fields, data, mismatch) => {
      const skipped = DATA_FIELDS.filter((field) => {
        const { format } = data[field];
        return formats[field] !== undefined && format !== 'absent' && format !== formats[field];
      });
      if (skipped.length > 0 && mismatch === 'drop') return false;
      const key = skipped.join();
      const match = matchers.get(key) ?? matcherWithout(skipped);
      matchers.set(key, match);
      return match(fields);
    },
  };
};

import { isObject, NumberText, parseKeepingNumbers, scalarOf } from './json.ts';
import type { Json } from './json.ts';
import { describe, equals, operatorTest } from './operators.ts';
import type { Test } from './operators.ts';
import { PatternError } from './pattern-error.ts';

/** One leaf of a pattern: a field, and the alternative conditions on it. */
export interface Leaf {
  readonly path: readonly string[];
  /** Conditions on the value, of which one must match. */
  readonly tests: readonly Test[];
  /** Whether `{exists: true}` is one of the conditions. */
  readonly present: boolean;
  /** Whether `{exists: false}` is one of the conditions. */
  readonly absent: boolean;
}

/** A pattern without `$or`: leaves by their path, which must all match. `$or` turns a pattern into several of them. */
export type Conjunction = ReadonlyMap<string, Leaf>;

export interface ParsedPattern {
  readonly alternatives: readonly Conjunction[];
  /** Whether the pattern has plain numbers, which are compared by their text. */
  readonly plainNumbers: boolean;
  /** The operators that the pattern uses. */
  readonly operators: ReadonlySet<string>;
}

/** AWS's limit for the combinations that result from `$or`. */
const MAX_ALTERNATIVES = 1000;
const RESERVED_IN_OR = new Set(
  'exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex'.split(' '),
);

/** @throws PatternError */
export const parsePattern = (pattern: string): ParsedPattern => {
  const operators = new Set<string>();
  let plainNumbers = false;

  const leaf = (path: readonly string[], list: readonly Json[]): Leaf => {
    if (list.length === 0) throw new PatternError(`${path.join('.')}: an empty array matches nothing`);
    const tests: Test[] = [];
    let present = false;
    let absent = false;
    for (const each of list.map(withScalars)) {
      if (Array.isArray(each)) throw new PatternError(`${path.join('.')}: an array in an array, ${describe(each)}`);
      plainNumbers ||= hasPlainNumber(each);
      if (!isObject(each)) {
        tests.push(equals(each));
        continue;
      }
      for (const operator of Object.keys(each)) operators.add(operator);
      if (Object.keys(each).join() === 'exists') {
        if (typeof each['exists'] !== 'boolean') throw new PatternError('exists must be true or false');
        if (each['exists']) present = true;
        else absent = true;
      } else tests.push(operatorTest(each));
    }
    return { path, tests, present, absent };
  };

  /** Adds the leaves of `node` to every conjunction of `rules`; `$or` multiplies the conjunctions by its branches. */
  const expand = (
    rules: readonly Conjunction[],
    path: readonly string[],
    node: { [key: string]: Json },
    inOr: boolean,
  ): readonly Conjunction[] => {
    const entries = Object.entries(node);
    if (entries.length === 0) throw new PatternError(`${path.join('.') || 'the pattern'}: an empty object`);
    return entries.reduce((list, [key, value]) => {
      const at = [...path, key];
      if (key === '$or' && (inOr || isOr(value))) return expandOr(list, path, value);
      if (inOr && RESERVED_IN_OR.has(key)) throw new PatternError(`${at.join('.')}: an operator, not a field, in $or`);
      if (isObject(value)) return expand(list, at, value, inOr);
      if (!Array.isArray(value)) {
        throw new PatternError(`${at.join('.')} must be an array or an object, not ${describe(withScalars(value))}`);
      }
      const added = leaf(at, value);
      return list.map((rule) => new Map(rule).set(JSON.stringify(at), added));
    }, rules);
  };

  const expandOr = (rules: readonly Conjunction[], path: readonly string[], value: Json): readonly Conjunction[] => {
    if (!Array.isArray(value) || value.length < 2 || !value.every(isObject)) {
      throw new PatternError('$or needs an array of at least two objects');
    }
    const all = value.flatMap((branch) => expand(rules, path, branch, true));
    if (all.length > MAX_ALTERNATIVES)
      throw new PatternError(`$or results in more than ${MAX_ALTERNATIVES} combinations`);
    return all;
  };

  const root = parse(pattern);
  if (!isObject(root)) throw new PatternError('it must be a JSON object');
  return { alternatives: expand([new Map()], [], root, false), plainNumbers, operators };
};

/** As in EventBridge: `$or` before an array of two or more objects without operators; otherwise it is a field name. */
const isOr = (value: Json): boolean =>
  Array.isArray(value) &&
  value.length > 1 &&
  value.every((branch) => isObject(branch) && !Object.keys(branch).some((key) => RESERVED_IN_OR.has(key)));

const hasPlainNumber = (value: Json): boolean =>
  value instanceof NumberText ||
  (Array.isArray(value) && value.some(hasPlainNumber)) ||
  (isObject(value) && Object.entries(value).some(([operator, it]) => operator !== 'numeric' && hasPlainNumber(it)));

const parse = (pattern: string): Json => {
  try {
    return parseKeepingNumbers(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new PatternError(`it is not JSON: ${error.message}`);
  }
};

const withScalars = (value: Json): Json =>
  Array.isArray(value)
    ? value.map(withScalars)
    : isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withScalars(each)]))
      : scalarOf(value);

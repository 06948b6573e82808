import { inCidr } from './cidr.ts';
import { isObject, NumberText } from './json.ts';
import type { Json } from './json.ts';
import { PatternError } from './pattern-error.ts';
import { wildcard } from './wildcard.ts';

/** Whether one scalar of a record matches. The caller handles arrays. */
export type Test = (value: Json) => boolean;

const text = (operator: string, operand: Json | undefined): string => {
  if (typeof operand !== 'string') throw new PatternError(`${operator} needs a string, not ${describe(operand)}`);
  return operand;
};

const texts = (operator: string, operand: Json | undefined): string[] => {
  const list = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) throw new PatternError(`${operator} needs at least one string`);
  return list.map((one) => text(operator, one));
};

/** Applies `match` to strings; other values do not match. */
const onText =
  (match: (value: string) => boolean): Test =>
  (value) =>
    typeof value === 'string' && match(value);

const lower = (value: string): string => value.toLowerCase();

/** `{prefix: "a"}` and `{prefix: {"equals-ignore-case": "a"}}`, and the same for suffixes. */
const edge = (operator: 'prefix' | 'suffix', operand: Json | undefined): Test => {
  const has = (value: string, part: string): boolean =>
    operator === 'prefix' ? value.startsWith(part) : value.endsWith(part);
  if (isObject(operand)) {
    const part = lower(text(`${operator} equals-ignore-case`, onlyEntry(operand, ['equals-ignore-case'])[1]));
    return onText((value) => has(lower(value), part));
  }
  const part = text(operator, operand);
  return onText((value) => has(value, part));
};

const numberOf = (value: Json | undefined): number | undefined => {
  const number = value instanceof NumberText ? Number(value.text) : value;
  return typeof number === 'number' && Math.abs(number) <= 5e9 ? number : undefined;
};

const COMPARISONS: Record<string, (a: number, b: number) => boolean> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** `[">", 0, "<=", 5]`: one comparison, or a lower and an upper bound. */
const numeric = (operand: Json | undefined): Test => {
  const list = Array.isArray(operand) ? operand : [];
  const form = list.filter((_, n) => n % 2 === 0).join(' ');
  if (!/^(=|[<>]=?|>=? <=?)$/.test(form) || list.length % 2 !== 0) {
    throw new PatternError(
      `numeric needs [operator, number] or a range such as [">", 0, "<=", 5], not ${describe(operand)}`,
    );
  }
  const comparisons = list.flatMap((operator, n) => {
    if (n % 2 !== 0) return [];
    const bound = numberOf(list[n + 1]);
    if (bound === undefined) {
      throw new PatternError(
        `numeric ${String(operator)} needs a number from -5e9 to 5e9, not ${describe(list[n + 1])}`,
      );
    }
    return [{ compare: COMPARISONS[String(operator)] as (a: number, b: number) => boolean, bound }];
  });
  const [bottom, top] = comparisons;
  if (bottom && top && bottom.bound >= top.bound)
    throw new PatternError(`numeric ${describe(operand)} is an empty range`);
  return (value) => {
    const number = numberOf(value);
    return number !== undefined && comparisons.every(({ compare, bound }) => compare(number, bound));
  };
};

const ANYTHING_BUT = ['prefix', 'suffix', 'equals-ignore-case', 'wildcard'] as const;

/** Matches any existing scalar except the given ones. */
const anythingBut = (operand: Json | undefined): Test => {
  if (isObject(operand)) {
    const [operator, list] = onlyEntry(operand, ANYTHING_BUT);
    const tests = texts(`anything-but ${operator}`, list).map((one) => {
      if (one === '' && operator.endsWith('fix'))
        throw new PatternError(`anything-but ${operator} needs a non-empty string`);
      return operatorTest({ [operator]: one });
    });
    return (value) => !tests.some((test) => test(value));
  }
  const list = Array.isArray(operand) ? operand : [operand];
  const kinds = new Set(list.map((one) => (one instanceof NumberText ? 'number' : typeof one)));
  if (list.length === 0 || kinds.size !== 1 || !(kinds.has('string') || kinds.has('number'))) {
    throw new PatternError(`anything-but needs strings only or numbers only, not ${describe(operand)}`);
  }
  const tests = list.map((one) => equals(one as Json));
  return (value) => !tests.some((test) => test(value));
};

const OPERATORS: Record<string, (operand: Json | undefined) => Test> = {
  prefix: (operand) => edge('prefix', operand),
  suffix: (operand) => edge('suffix', operand),
  'equals-ignore-case': (operand) => {
    const wanted = lower(text('equals-ignore-case', operand));
    return onText((value) => lower(value) === wanted);
  },
  wildcard: (operand) => onText(wildcard(text('wildcard', operand))),
  cidr: (operand) => onText(inCidr(text('cidr', operand))),
  numeric,
  'anything-but': anythingBut,
};

/** A plain value matches a value of the same type; strings are case-sensitive, numbers match by their text (K-63). */
export const equals = (wanted: Json): Test =>
  wanted instanceof NumberText
    ? (value) => value instanceof NumberText && value.text === wanted.text
    : (value) => value === wanted;

export const operatorTest = (expression: { [key: string]: Json }): Test => {
  const [operator, operand] = onlyEntry(expression, [...Object.keys(OPERATORS), 'exists']);
  return (OPERATORS[operator] as (operand: Json | undefined) => Test)(operand);
};

const onlyEntry = <T extends string>(expression: { [key: string]: Json }, allowed: readonly T[]): [T, Json] => {
  const [first, ...more] = Object.entries(expression);
  if (first === undefined || more.length > 0) {
    throw new PatternError(`${describe(expression)} needs exactly one operator`);
  }
  const operator = allowed.find((it) => it === first[0]);
  if (operator === undefined) throw new PatternError(`${first[0]} is not an operator: use ${allowed.join(', ')}`);
  return [operator, first[1]];
};

export const describe = (value: Json | undefined): string =>
  value === undefined
    ? 'nothing'
    : JSON.stringify(value, (_, it: unknown) => (it instanceof NumberText ? Number(it.text) : it));

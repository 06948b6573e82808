import { describe, expect, test } from '@jest/globals';
import { NO_RECORD } from '../../test/records.ts';
import { checkPattern, compileFilters } from './index.ts';
import type { FilterMismatch } from './index.ts';

const passes = (
  pattern: object | string,
  value: object | string | Buffer | null,
  mismatch: FilterMismatch = 'deliver',
) => passesAny([pattern], value, mismatch);

const passesAny = (
  patterns: (object | string)[],
  value: object | string | Buffer | null,
  mismatch: FilterMismatch = 'deliver',
): boolean | undefined => {
  const texts = patterns.map((it) => (typeof it === 'string' ? it : JSON.stringify(it)));
  const bytes =
    value === null || Buffer.isBuffer(value)
      ? value
      : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const record = { ...NO_RECORD, partition: 3, offset: 41, key: Buffer.from('order-1'), value: bytes };
  return compileFilters(texts, { topic: 'orders', mismatch })?.(record);
};

const problem = (pattern: object | string): string | undefined =>
  checkPattern(typeof pattern === 'string' ? pattern : JSON.stringify(pattern)).problem;

describe('filter patterns', () => {
  const DEPTH = 200_000;
  const nested = (open: string, inner: string, close: string): string =>
    open.repeat(DEPTH) + inner + close.repeat(DEPTH);

  test.each([
    ['arrays', nested('[', '', ']'), false],
    ['arrays around a match', nested('[', '{"a":"x"}', ']'), true],
    ['arrays in the field', `{"a":${nested('[', '"x"', ']')}}`, true],
    ['arrays in another field', `{"b":${nested('[', '1', ']')}}`, false],
    ['objects', nested('{"a":', '"x"', '}'), false],
    ['brackets that are not closed', '['.repeat(DEPTH), true],
  ])('K-57 work on values that are nested more deeply than the call stack allows: %s', (_, value, passed) => {
    expect(passes({ value: { a: ['x'] } }, value)).toBe(passed);
    expect(passes({ value: { a: ['x', 1] } }, value)).toBe(passed);
    expect(passes({ value: { c: [{ exists: false }] } }, value)).toBe(true);
    expect(passes({ value: { a: [{ 'anything-but': ['y'] }] } }, value)).toBe(passed);
    expect(passes({ value: { c: { d: [{ exists: true }] } } }, value)).toBe(
      value.startsWith('[') && !value.endsWith(']'),
    );
  });

  test('K-57 work on fields with names of object properties, such as __proto__', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      const value = `{"${name}":"x"}`;
      expect(passes(`{"value":{"${name}":["x"]}}`, value)).toBe(true);
      expect(passes(`{"value":{"${name}":["y"]}}`, value)).toBe(false);
      expect(passes(`{"value":{"${name}":[{"exists":true}]}}`, '{"a":1}')).toBe(false);
      expect(passes(`{"value":{"${name}":[{"exists":false}]}}`, '{"a":1}')).toBe(true);
    }
  });

  test('K-55 are optional, are combined with "or", and their fields with "and"', () => {
    const patterns = [{ value: { a: ['x'], b: ['y'] } }, { value: { c: ['z'] } }];
    expect(passesAny(patterns, { a: 'x', b: 'y' })).toBe(true);
    expect(passesAny(patterns, { a: 'x', b: 'n' })).toBe(false);
    expect(passesAny(patterns, { c: 'z' })).toBe(true);
    expect(compileFilters([], { topic: 't', mismatch: 'deliver' })).toBeUndefined();
  });

  test('K-62 may have $or, also nested, which is combined with the other fields by "and"', () => {
    const pattern = { value: { a: ['x'], $or: [{ b: ['y'] }, { c: { $or: [{ d: [1] }, { e: [2] }] } }] } };
    expect(passes(pattern, { a: 'x', b: 'y' })).toBe(true);
    expect(passes(pattern, { a: 'x', c: { e: 2 } })).toBe(true);
    expect(passes(pattern, { a: 'x', c: { e: 3 } })).toBe(false);
    expect(passes(pattern, { a: 'n', b: 'y' })).toBe(false);
    expect(problem({ value: { a: ['x'], $or: [{ b: ['y'] }] } })).toBeDefined();
  });

  test('K-62 match an array if one element matches, with all fields in the same object', () => {
    const pattern = { value: { people: { first: ['Anna'], last: ['Jones'] } } };
    expect(
      passes(pattern, {
        people: [
          { first: 'Anna', last: 'Smith' },
          { first: 'Jo', last: 'Jones' },
        ],
      }),
    ).toBe(false);
    expect(passes(pattern, { people: [[{ first: 'Anna', last: 'Jones' }], { first: 'Jo' }] })).toBe(true);
    expect(passes({ value: { tags: ['a'] } }, { tags: ['b', ['a']] })).toBe(true);
  });

  test('K-63 apply exists to scalars only, and `exists: false` requires that no array element has the field', () => {
    const absent = { value: { a: { b: [{ exists: false }] } } };
    expect(passes(absent, {})).toBe(true);
    expect(passes(absent, { a: { b: { c: 1 } } })).toBe(true);
    expect(passes(absent, { a: { b: null } })).toBe(false);
    expect(passes(absent, { a: [{ b: 1 }, { c: 2 }] })).toBe(false);
    expect(passes({ value: { a: [{ exists: true }] } }, { a: { b: 1 } })).toBe(false);
  });

  test('K-58 filter plain text by an array directly under value', () => {
    const pattern = { value: [{ 'anything-but': ['error'] }] };
    expect(passes(pattern, 'fine')).toBe(true);
    expect(passes(pattern, 'error')).toBe(false);
    expect(passes({ value: [''] }, '')).toBe(true);
    expect(passes({ value: ['42'] }, '42')).toBe(true);
    expect(passes({ value: ['[not json'] }, '[not json')).toBe(true);
  });

  test('K-57 read values as UTF-8', () => {
    expect(passes({ value: { name: ['Zoë'] } }, { name: 'Zoë' })).toBe(true);
    expect(passes({ value: [{ prefix: '😀' }] }, '😀!')).toBe(true);
  });

  test('K-59 ignore conditions on a value of another format, or do not match with `filterMismatch: drop`', () => {
    const json = { value: { a: ['x'] } };
    const plain = { value: ['x'] };
    const binary = Buffer.from([0xff, 0xfe]);
    for (const [pattern, value] of [
      [json, 'text'],
      [plain, { a: 'x' }],
      [json, binary],
      [plain, binary],
    ] as const) {
      expect(passes(pattern, value)).toBe(true);
      expect(passes(pattern, value, 'drop')).toBe(false);
    }
    expect(passes({ ...json, partition: [9] }, 'text')).toBe(false);
    expect(passes({ ...json, partition: [3] }, 'text')).toBe(true);
  });

  test('K-08 K-59 match a tombstone only with `exists: false`, because it has no value', () => {
    expect(passes({ value: { a: ['x'] } }, null)).toBe(false);
    expect(passes({ value: ['x'] }, null)).toBe(false);
    expect(passes({ value: [{ exists: false }] }, null)).toBe(true);
    expect(passes({ value: { a: [{ exists: false }] } }, null)).toBe(true);
  });

  test('K-56 on key and metadata work with a warning, and a field that no record has causes a warning', () => {
    expect(passes({ key: [{ prefix: 'order-' }] }, null)).toBe(true);
    expect(passes({ key: [{ prefix: 'item-' }] }, null)).toBe(false);
    expect(passes({ topic: ['orders'], offset: [{ numeric: ['>', 40] }], partition: [3] }, null)).toBe(true);
    expect(passes({ timestampType: ['LOG_APPEND_TIME'] }, null)).toBe(false);
    expect(checkPattern('{"key":["a"],"offset":[1],"color":["b"],"value":["c"]}').warnings).toEqual([
      'filters on key work here, but AWS documents filters on value only',
      'filters on offset work here, but AWS documents filters on value only',
      'color is not a field of a Kafka record, so this filter matches nothing',
    ]);
  });

  test('K-62 with wildcard or cidr cause a warning, since the documentation of filters does not list these', () => {
    expect(checkPattern('{"value":[{"wildcard":"a*"},{"cidr":"10.0.0.0/8"}]}').warnings).toHaveLength(2);
    expect(checkPattern('{"value":[{"prefix":"a"}]}').warnings).toEqual([]);
  });

  test('K-63 that are invalid cause errors with the reason', () => {
    expect(problem({ value: { eventName: 'INSERT' } })).toBe(
      'value.eventName must be an array or an object, not "INSERT"',
    );
    expect(problem('{"value":')).toContain('it is not JSON');
    expect(problem('["a"]')).toBe('it must be a JSON object');
    expect(problem({})).toBe('the pattern: an empty object');
    expect(problem({ value: {} })).toBe('value: an empty object');
    expect(problem({ value: [] })).toBe('value: an empty array matches nothing');
    expect(problem({ value: [['a']] })).toBe('value: an array in an array, ["a"]');
    expect(problem({ value: [{ regex: 'a' }] })).toContain('regex is not an operator: use prefix, suffix');
    expect(problem({ value: [{ prefix: 'a', suffix: 'b' }] })).toContain('needs exactly one operator');
    expect(problem({ value: { $or: [{ a: ['x'] }, { prefix: ['y'] }] } })).toBeDefined();
  });

  test('K-63 must not have more combinations by $or than AWS allows', () => {
    const or = (name: string): object => ({ $or: Array.from({ length: 11 }, (_, n) => ({ [`${name}${n}`]: ['x'] })) });
    const nested = { value: { p: or('a'), q: or('b'), r: or('c') } };
    expect(problem(nested)).toBe('$or results in more than 1000 combinations');
  });
});

import { describe, expect, test } from '@jest/globals';
import { checkPattern, compileFilters } from './index.ts';
import { NO_RECORD } from '../../test/records.ts';

/** Returns those of the values of field `f` that a filter on `f` accepts. */
const passing = (alternatives: string, values: readonly string[]): string[] => {
  const filter = compileFilters([`{"value":{"f":${alternatives}}}`], { topic: 't', mismatch: 'drop' });
  return values.filter((value) => filter?.({ ...NO_RECORD, value: Buffer.from(`{"f":${value}}`) }));
};

const problem = (alternatives: string): string | undefined => checkPattern(`{"value":{"f":${alternatives}}}`).problem;

describe('a condition on a field', () => {
  test('K-62 with a plain value matches the same value of the same type', () => {
    expect(passing('["a"]', ['"a"', '"A"', '"ab"', '["a"]'])).toEqual(['"a"', '["a"]']);
    expect(passing('["true"]', ['true', '"true"'])).toEqual(['"true"']);
    expect(passing('[true]', ['true', 'false', '"true"'])).toEqual(['true']);
    expect(passing('["5"]', ['5', '"5"'])).toEqual(['"5"']);
  });

  test('K-62 with null matches null, but neither a missing field nor an empty string', () => {
    expect(passing('[null]', ['null', '""', '0', '"null"', '[]'])).toEqual(['null']);
    const filter = compileFilters(['{"value":{"f":[null]}}'], { topic: 't', mismatch: 'drop' });
    expect(filter?.({ ...NO_RECORD, value: Buffer.from('{}') })).toBe(false);
  });

  test('K-62 with the empty string matches the empty string only', () => {
    expect(passing('[""]', ['""', '" "', 'null', '[]'])).toEqual(['""']);
  });

  test('K-62 with several alternatives matches if one of them does', () => {
    expect(passing('["a", 5, {"prefix": "x"}]', ['"a"', '5', '"xy"', '"b"'])).toEqual(['"a"', '5', '"xy"']);
  });

  test('K-62 may use equals-ignore-case', () => {
    expect(passing('[{"equals-ignore-case": "aBc"}]', ['"ABC"', '"abc"', '"abcd"', '5'])).toEqual(['"ABC"', '"abc"']);
    expect(problem('[{"equals-ignore-case": 5}]')).toBe('equals-ignore-case needs a string, not 5');
  });

  test('K-62 may use prefix, also case-insensitively', () => {
    expect(passing('[{"prefix": "ab"}]', ['"abc"', '"Abc"', '"cab"', '5'])).toEqual(['"abc"']);
    expect(passing('[{"prefix": {"equals-ignore-case": "AB"}}]', ['"abc"', '"cab"'])).toEqual(['"abc"']);
    expect(problem('[{"prefix": ["a"]}]')).toBe('prefix needs a string, not ["a"]');
  });

  test('K-62 may use suffix, also case-insensitively', () => {
    expect(passing('[{"suffix": ".png"}]', ['"a.png"', '"a.PNG"', '"png"'])).toEqual(['"a.png"']);
    expect(passing('[{"suffix": {"equals-ignore-case": ".png"}}]', ['"a.PNG"', '"png"'])).toEqual(['"a.PNG"']);
  });

  test('K-62 may use anything-but with values: it matches an existing field, also null', () => {
    expect(passing('[{"anything-but": "a"}]', ['"a"', '"b"', 'null', '5', '["a","b"]', '[]', '{"g":1}'])).toEqual([
      '"b"',
      'null',
      '5',
      '["a","b"]',
    ]);
    expect(passing('[{"anything-but": ["a", "b"]}]', ['"a"', '"b"', '"c"'])).toEqual(['"c"']);
    expect(passing('[{"anything-but": [1, 2]}]', ['1', '3', '"1"'])).toEqual(['3', '"1"']);
    expect(problem('[{"anything-but": [1, "a"]}]')).toContain('strings only or numbers only');
    expect(problem('[{"anything-but": []}]')).toContain('strings only or numbers only');
  });

  test('K-62 may use anything-but with prefix, suffix, equals-ignore-case and wildcard, with one value or a list', () => {
    expect(passing('[{"anything-but": {"prefix": "a"}}]', ['"ab"', '"b"'])).toEqual(['"b"']);
    expect(passing('[{"anything-but": {"suffix": ["a", "b"]}}]', ['"ca"', '"cb"', '"c"'])).toEqual(['"c"']);
    expect(passing('[{"anything-but": {"equals-ignore-case": ["A"]}}]', ['"a"', '"b"'])).toEqual(['"b"']);
    expect(passing('[{"anything-but": {"wildcard": "*x*"}}]', ['"axb"', '"ab"'])).toEqual(['"ab"']);
    expect(problem('[{"anything-but": {"prefix": ""}}]')).toBe('anything-but prefix needs a non-empty string');
    expect(problem('[{"anything-but": {"numeric": ["=", 1]}}]')).toContain('numeric is not an operator');
  });

  test('K-62 may use numeric comparisons and ranges', () => {
    expect(passing('[{"numeric": ["=", 5]}]', ['5', '5.0', '"5"', '6'])).toEqual(['5', '5.0']);
    expect(passing('[{"numeric": ["<", 5]}]', ['4.9', '5'])).toEqual(['4.9']);
    expect(passing('[{"numeric": ["<=", 5]}]', ['5', '5.1'])).toEqual(['5']);
    expect(passing('[{"numeric": [">", 5]}]', ['5', '5e1'])).toEqual(['5e1']);
    expect(passing('[{"numeric": [">=", -5]}]', ['-5', '-6'])).toEqual(['-5']);
    expect(passing('[{"numeric": [">", 0, "<=", 5]}]', ['0', '1', '5', '6', '[7, 3]'])).toEqual(['1', '5', '[7, 3]']);
  });

  test('K-63 must not use numeric without a comparison, or with an empty range', () => {
    for (const list of ['[]', '["<"]', '["=", 1, "<", 2]', '["<", 5, ">", 0]', '["<>", 1]', '5']) {
      expect(problem(`[{"numeric": ${list}}]`)).toContain('numeric needs [operator, number] or a range');
    }
    expect(problem('[{"numeric": [">", 5, "<", 5]}]')).toContain('empty range');
    expect(problem('[{"numeric": ["=", 5000000001]}]')).toContain('from -5e9 to 5e9');
    expect(problem('[{"numeric": ["=", "5"]}]')).toContain('from -5e9 to 5e9, not "5"');
  });

  test('K-62 may use exists', () => {
    expect(passing('[{"exists": true}]', ['null', '""', '[1]', '[]', '{"g":1}'])).toEqual(['null', '""', '[1]']);
    expect(problem('[{"exists": "yes"}]')).toBe('exists must be true or false');
  });

  test('K-62 may use wildcard, with escaped characters', () => {
    expect(passing('[{"wildcard": "*/bin/*.jar"}]', ['"/a/bin/b.jar"', '"/bin/.jar"', '"/bin/jar"'])).toEqual([
      '"/a/bin/b.jar"',
      '"/bin/.jar"',
    ]);
    expect(passing('[{"wildcard": "a*a"}]', ['"a"', '"aa"', '"aba"'])).toEqual(['"aa"', '"aba"']);
    expect(passing('[{"wildcard": "a\\\\*b"}]', ['"a*b"', '"axb"'])).toEqual(['"a*b"']);
    expect(passing('[{"wildcard": "*a*a*"}]', ['"aa"', '"xaya"', '"a"'])).toEqual(['"aa"', '"xaya"']);
    expect(problem('[{"wildcard": "a**"}]')).toContain('two consecutive * are not allowed');
    expect(problem('[{"wildcard": "a\\\\b"}]')).toContain('a backslash is allowed only before * or');
  });

  test('K-62 may use cidr, for IPv4 and IPv6', () => {
    expect(passing('[{"cidr": "10.0.0.0/24"}]', ['"10.0.0.255"', '"10.0.1.0"', '"10.0.0"', '5'])).toEqual([
      '"10.0.0.255"',
    ]);
    expect(passing('[{"cidr": "2001:db8::/32"}]', ['"2001:db8::1"', '"2001:db9::1"'])).toEqual(['"2001:db8::1"']);
    for (const block of ['10.0.0.0', '10.0.0.0/33', '10.0/8', '10.0.0.0/8/8']) {
      expect(problem(`[{"cidr": "${block}"}]`)).toContain('cidr needs a block such as 10.0.0.0/24');
    }
  });

  test('K-63 compares plain numbers by their text, and strings case-sensitively', () => {
    expect(passing('[300]', ['300', '300.0', '3.0e2', '"300"', '[1,300]'])).toEqual(['300', '[1,300]']);
    expect(passing('[3.0e2]', ['300', '3.0e2'])).toEqual(['3.0e2']);
    expect(passing('["\\u0000300"]', ['300', '"\\u0000300"'])).toEqual(['"\\u0000300"']);
    expect(passing('["\\u0000300", 1]', ['300', '"\\u0000300"'])).toEqual(['"\\u0000300"']);
  });
});

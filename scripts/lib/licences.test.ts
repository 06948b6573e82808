import { expect, test } from '@jest/globals';
import { licenceProblems } from './licences.ts';

test('licences of the list pass', () => {
  expect(licenceProblems({ 'a@1.0.0': { licenses: 'MIT' }, 'b@1.0.0': { licenses: ['ISC', 'Apache-2.0'] } })).toEqual(
    [],
  );
});

test.each([
  ['another licence', 'GPL-3.0-only'],
  ['one of several', ['MIT', 'SSPL-1.0']],
  ['a choice, which somebody has to make', '(MIT OR GPL-2.0)'],
  ['a guess', 'MIT*'],
  ['none', 'UNKNOWN'],
  ['nothing', undefined],
  ['an empty list', []],
])('%s is named with its package', (_what, licenses) => {
  expect(licenceProblems({ 'a@1.0.0': { licenses: 'MIT' }, 'b@2.0.0': { licenses } })).toEqual([
    expect.stringMatching(/^b@2\.0\.0: the licence must be one of MIT, .* \(it is .+\)$/),
  ]);
});

test('an empty package list is a problem', () => {
  expect(licenceProblems({})).toHaveLength(1);
});

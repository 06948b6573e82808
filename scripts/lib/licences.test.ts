import { expect, test } from '@jest/globals';
import { licenceProblems } from './licences.ts';

test('allowed licences are accepted', () => {
  expect(licenceProblems({ 'a@1.0.0': { licenses: 'MIT' }, 'b@1.0.0': { licenses: ['ISC', 'Apache-2.0'] } })).toEqual(
    [],
  );
});

test.each([
  ['another licence', 'GPL-3.0-only'],
  ['one of several licences', ['MIT', 'SSPL-1.0']],
  ['a choice of licences', '(MIT OR GPL-2.0)'],
  ['a guessed licence', 'MIT*'],
  ['an unknown licence', 'UNKNOWN'],
  ['no licence', undefined],
  ['an empty list', []],
])('%s is reported with its package', (_what, licenses) => {
  expect(licenceProblems({ 'a@1.0.0': { licenses: 'MIT' }, 'b@2.0.0': { licenses } })).toEqual([
    expect.stringMatching(/^b@2\.0\.0: the licence must be one of MIT, .* \(it is .+\)$/),
  ]);
});

test('an empty package list is a problem', () => {
  expect(licenceProblems({})).toHaveLength(1);
});

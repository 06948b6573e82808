import { expect, test } from '@jest/globals';
import { takesEventOnly } from './takes-event-only.js';

test.each([
  ['() => {}', true],
  ['(event) => {}', true],
  ['event => 1', true],
  ['({ records }) => records', true],
  ['function (event) { return event; }', true],
  ['(event, context) => {}', false],
  ['(event, context, callback) => {}', false],
  ['(...all) => {}', false],
  ['(event, ...rest) => {}', false],
  ['(event, context = {}) => {}', false],
  ['function () { arguments[2](); }', false],
  ['((event) => event).bind(null)', false],
])('whether the function can use only its first argument: %s is %s', (code, only) => {
  // eval, because the compiler of the tests would change the functions.
  // oxlint-disable-next-line no-eval
  const handler = (0, eval)(`(${code})`) as () => unknown;
  expect(takesEventOnly(handler)).toBe(only);
});

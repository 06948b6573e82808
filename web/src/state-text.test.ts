import type { State } from 'live-reactions';
import { expect, test } from '@jest/globals';
import { createFormats } from './formats.ts';
import { describeDropped, describeState } from './state-text.ts';

const formats = createFormats('en');
const state = (fields: Partial<State>): State => ({
  ...{
    status: 'live',
    transport: 'socket',
    reason: undefined,
    nextTry: undefined,
    pending: 0,
    pendingReason: undefined,
    dropped: undefined,
  },
  ...fields,
});
const describe = (fields: Partial<State>) => describeState(state(fields), 10_000, formats);

test('each state in words', () => {
  expect(describe({})).toEqual({ tone: 'good', text: 'Live', detail: '' });
  expect(describe({ transport: 'polling', reason: 'socket-failed' })).toEqual({
    ...{ tone: 'good', text: 'Live, every 2 s', detail: 'The WebSocket cannot be opened.' },
  });
  expect(describe({ pending: 2, pendingReason: 'overloaded' })).toEqual({
    ...{
      tone: 'waiting',
      text: 'Taps wait',
      detail: 'The server is unavailable or overloaded. 2 taps will be sent later.',
    },
  });
  expect(describe({ status: 'connecting' }).text).toBe('Connecting…');
  expect(describe({ status: 'offline', reason: 'offline', pending: 3 })).toEqual({
    ...{ tone: 'bad', text: 'Offline', detail: 'This device is offline. 3 taps will be sent later.' },
  });
  expect(describe({ status: 'refused', reason: 'forbidden' })).toEqual({
    ...{ tone: 'bad', text: 'No access', detail: 'The token does not allow this room.' },
  });
});

test('the next attempt is counted down', () => {
  const retrying = (nextTry: number | undefined) =>
    describe({ status: 'retrying', reason: 'http-failed', nextTry }).text;
  expect([13_500, 10_001, 9000, undefined].map(retrying)).toEqual([
    ...['Trying again in 4 s', 'Trying again in 1 s', 'Trying again…', 'Trying again…'],
  ]);
});

test('taps that were given up', () => {
  const dropped = { emoji: '🔥', count: 2, status: 429, message: 'Too many taps' };
  expect(describeDropped(state({}), formats)).toBeUndefined();
  expect(describeDropped(state({ dropped }), formats)).toBe('2 taps of 🔥 were not counted: Too many taps.');
  expect(describeDropped(state({ dropped: { ...dropped, count: 1, message: undefined } }), formats)).toBe(
    '1 tap of 🔥 was not counted: no answer in time.',
  );
});

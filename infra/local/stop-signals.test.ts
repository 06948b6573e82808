import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { onStopSignals } from './stop-signals.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
let before: Map<NodeJS.Signals, NodeJS.SignalsListener[]>;
let calls: string[];
let time: number;
beforeEach(() => {
  before = new Map(SIGNALS.map((name) => [name, process.listeners(name)]));
  calls = [];
  time = 1000;
  onStopSignals(
    () => calls.push('stop'),
    () => calls.push('kill'),
    () => time,
  );
});
afterEach(() => {
  for (const name of SIGNALS)
    for (const listener of process.listeners(name))
      if (!before.get(name)?.includes(listener)) process.removeListener(name, listener);
});
const send = (name: (typeof SIGNALS)[number]) => process.emit(name, name);

test.each(SIGNALS)('the first %s stops', (name) => {
  send(name);
  expect(calls).toEqual(['stop']);
});

test('a second signal kills, unless it comes within 250 ms: npm repeats the one from the terminal', () => {
  send('SIGINT');
  time += 250;
  send('SIGINT');
  send('SIGTERM');
  expect(calls).toEqual(['stop']);
  time += 1;
  send('SIGINT');
  expect(calls).toEqual(['stop', 'kill']);
});

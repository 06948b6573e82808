import { expect, test } from '@jest/globals';
import { until } from '../../test/support/until.ts';
import type { Exit } from './service.ts';
import { supervise } from './supervise.ts';

/** A supervised service whose deaths are caused by the test. */
const rig = (start: () => Promise<void> = async () => undefined) => {
  let die: (exit: Exit) => void = () => undefined;
  const lines: string[] = [];
  const reasons: string[] = [];
  const state = { starts: 0, stopping: false, time: 0 };
  supervise(
    {
      start: () => {
        state.starts++;
        return start();
      },
      onDeath: (listener) => (die = listener),
    },
    {
      name: 'Redis',
      log: (line) => lines.push(line),
      stopping: () => state.stopping,
      giveUp: (reason) => reasons.push(reason),
      firstDelayMs: 1,
      now: () => state.time,
    },
  );
  return { state, lines, reasons, die: () => die({ code: null, signal: 'SIGKILL' }) };
};

test('a service that dies is restarted', async () => {
  const { die, lines } = rig();
  die();
  await until('the service is back', () => lines.length === 2);
  expect(lines).toEqual(['Redis ended (SIGKILL); starting again in 0.0 s (1 of 5)', 'Redis is back']);
});

test('a service is restarted five times in a minute; after the sixth death it is given up', async () => {
  const { die, state, reasons } = rig();
  for (let n = 1; n <= 5; n++) {
    die();
    await until(`start ${n}`, () => state.starts === n);
  }
  die();
  await until('the service is given up', () => reasons.length > 0);
  expect(reasons).toEqual(['Redis ended 6 times within a minute.']);
  expect(state.starts).toBe(5);
});

test('deaths of more than a minute ago are forgotten', async () => {
  const { die, state, reasons } = rig();
  for (let n = 1; n <= 12; n++) {
    die();
    await until(`start ${n}`, () => state.starts === n);
    state.time += 20_000;
  }
  expect(reasons).toEqual([]);
});

test('a failed start counts as a death, and its reason is logged', async () => {
  const { die, lines, reasons } = rig(() => Promise.reject(new Error('port taken')));
  die();
  await until('the service is given up', () => reasons.length > 0);
  expect(lines.at(-1)).toBe('Redis ended (port taken); starting again in 0.0 s (5 of 5)');
});

test('a death during the shutdown is not reported', async () => {
  const { die, state, lines } = rig();
  state.stopping = true;
  die();
  await new Promise((resolve) => setImmediate(resolve));
  expect({ lines, starts: state.starts }).toEqual({ lines: [], starts: 0 });
});

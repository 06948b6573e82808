import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Schedule } from './schedule.ts';

const rate = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constantFrom(0.5, 3.3, 333.3));
const phase = fc.constantFrom(0, 0.25, 1 / 3, 0.75);

test('after n seconds exactly n times the rate are due, with any phase', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      phase,
      fc.integer({ min: 1, max: 600 }),
      (perSecond, at, seconds) => {
        const schedule = new Schedule({ perSecond, phase: at, endMs: seconds * 1000 });
        expect(schedule.dueBefore(Infinity)).toBe(perSecond * seconds);
      },
    ),
  );
});

test('a loop with any intervals sends or skips each due request once, and none before it is due', () => {
  const intervals = fc.array(fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.nat({ max: 500 })), { maxLength: 30 });
  fc.assert(
    fc.property(rate, phase, intervals, (perSecond, at, steps) => {
      const schedule = new Schedule({ perSecond, phase: at });
      let now = 0;
      let next = 0;
      for (const [ms, free] of steps) {
        now += ms;
        const { skip, send } = schedule.plan(now, next, free);
        expect(skip).toBeGreaterThanOrEqual(0);
        expect(send).toBeGreaterThanOrEqual(0);
        expect(send).toBeLessThanOrEqual(free);
        next += skip + send;
        expect(next).toBeLessThanOrEqual(schedule.dueBefore(now));
        if (send < free) expect(next).toBe(schedule.dueBefore(now));
        if (next > 0) expect(schedule.dueAt(next - 1)).toBeLessThan(now + 1e-3);
      }
    }),
  );
});

describe('100 a second', () => {
  const schedule = new Schedule({ perSecond: 100 });

  test('one is due every 10 ms, the first at once', () => {
    expect(schedule.plan(0.1, 0, 10)).toEqual({ skip: 0, send: 1, waitMs: 9.9 });
    expect(schedule.plan(10.1, 1, 10)).toMatchObject({ skip: 0, send: 1 });
    expect(schedule.plan(5, 1, 10)).toMatchObject({ skip: 0, send: 0, waitMs: 5 });
  });

  test('after a short stall, all due requests are sent at once', () => {
    expect(schedule.plan(900, 0, 1000)).toMatchObject({ skip: 0, send: 90 });
  });

  test('after a long stall, only the requests of the last second are sent', () => {
    expect(schedule.plan(60_000, 0, 1000)).toMatchObject({ skip: 5900, send: 100 });
  });

  test('without a free connection nothing is sent, and the plan is repeated soon', () => {
    expect(schedule.plan(500, 0, 0)).toEqual({ skip: 0, send: 0, waitMs: 50 });
  });
});

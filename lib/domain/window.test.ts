import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reactionSchemas } from './reaction.ts';
import { assignWindow, windowStart } from './window.ts';

const settings = { windowMs: 2000, watermarkMs: 10_000 };
const received_at = '2026-05-01T20:45:10.500Z';
const startAt = (iso: string) => ({ late: false, start: Date.parse(iso) });

describe('assignWindow', () => {
  test.each([
    ['its timestamp decides', '2026-05-01T20:45:07.999Z', '2026-05-01T20:45:06.000Z'],
    ['a timestamp with an offset', '2026-05-01T22:45:07.999+02:00', '2026-05-01T20:45:06.000Z'],
    ['a timestamp with microseconds', '2026-05-01T20:45:08.000001Z', '2026-05-01T20:45:08.000Z'],
    ['a future timestamp counts as received_at', '2026-05-01T23:00:00Z', '2026-05-01T20:45:10.000Z'],
    ['a timestamp without a zone counts as received_at', '2026-05-01T22:45:07.123456', '2026-05-01T20:45:10.000Z'],
    ['a tap as old as the watermark is not late', '2026-05-01T20:45:00.500Z', '2026-05-01T20:45:00.000Z'],
  ])('%s', (_what, timestamp, start) => {
    expect(assignWindow({ timestamp, received_at }, settings)).toEqual(startAt(start));
  });

  test('a tap older than the watermark is late', () => {
    expect(assignWindow({ timestamp: '2026-05-01T20:45:00.499Z', received_at }, settings)).toEqual({ late: true });
  });

  test('whether a tap is late does not depend on when it is read', () => {
    const tap = { timestamp: '2020-01-01T00:00:03Z', received_at: '2020-01-01T00:00:04Z' };
    expect(assignWindow(tap, settings)).toEqual(startAt('2020-01-01T00:00:02Z'));
  });
});

test('every time is in exactly one window, which starts at a multiple of its length', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 3_600_000 }), (time, windowMs) => {
      const start = windowStart(time, windowMs);
      expect(start % windowMs).toBe(0);
      expect(time - start).toBeGreaterThanOrEqual(0);
      expect(time - start).toBeLessThan(windowMs);
    }),
  );
});

test('no tap enters a window that starts after it was received, or ends before the watermark', () => {
  const moment = fc.integer({ min: Date.parse('2020-01-01'), max: Date.parse('2040-01-01') });
  fc.assert(
    fc.property(moment, fc.integer({ min: -60_000, max: 60_000 }), (received, skew) => {
      const iso = (time: number) => new Date(time).toISOString();
      const assigned = assignWindow({ timestamp: iso(received + skew), received_at: iso(received) }, settings);
      if (assigned.late) expect(-skew).toBeGreaterThan(settings.watermarkMs);
      else {
        expect(assigned.start).toBeLessThanOrEqual(received);
        expect(assigned.start + settings.windowMs).toBeGreaterThan(received - settings.watermarkMs);
      }
    }),
  );
});

test('every accepted timestamp has a window or is late', () => {
  const { tap } = reactionSchemas([]);
  const pad = (value: number) => String(value).padStart(2, '0');
  const zone = fc.oneof(
    fc.constantFrom('', 'Z', '+00:00', '-00:00'),
    fc
      .tuple(fc.constantFrom('+', '-'), fc.nat({ max: 23 }), fc.nat({ max: 59 }))
      .map(([sign, hours, minutes]) => `${sign}${pad(hours)}:${pad(minutes)}`),
  );
  const moment = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  const fraction = fc.stringMatching(/^(\.\d{1,50})?$/);
  const timestamp = fc
    .tuple(moment, fraction, zone)
    .map(([date, digits, offset]) => `${date.toISOString().slice(0, 19)}${digits}${offset}`);
  fc.assert(
    fc.property(timestamp, (text) => {
      expect(tap.shape.timestamp.safeParse(text).success).toBe(true);
      const assigned = assignWindow({ timestamp: text, received_at }, settings);
      if (!assigned.late) expect(Number.isSafeInteger(assigned.start)).toBe(true);
    }),
  );
});

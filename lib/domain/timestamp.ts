/**
 * A tap's timestamp: what ISO 8601 and RFC 3339 allow for a date with a time, as the standard libraries of common
 * languages write it. Every tap is parsed several times, so the usual form has a fast path, and all patterns
 * take linear time.
 *
 * Accepted: extended (2026-05-01T20:45:00) and basic format (20260501T204500), not mixed; calendar, ordinal (2026-121) and
 * week dates (2026-W18-5); T, t or a space before the time; no seconds or no minutes; a fraction of the last part with
 * dot or comma; Z, z, UTC, or an offset of hours, minutes and seconds with or without colons, with or without a space
 * before it; 24:00 as the end of the day; a leap second where one is possible; time zones in brackets after the offset
 * (RFC 9557), which the offset overrides. Rejected: a date without a time, years above 9999, and brackets marked as
 * critical (`[!…]`), because they require a check that is not done.
 */
export const TIMESTAMP_FORM = 'an ISO-8601 date and time, such as 2026-05-01T20:45:00.123Z';

/** Long enough for nanoseconds and a zone name of 32 characters, but short enough to keep taps small. */
export const MAX_TIMESTAMP_LENGTH = 80;

/** Written in JavaScript or Java a year may have a sign and six digits (+002026), in PHP a sign (+2026). */
const YEAR = String.raw`(?:\+(?:00)?)?(\d{4})`;
const FRACTION = String.raw`(?:[.,](\d+))?`;
const OFFSET = String.raw`([+\-\u2212])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?`;
const ZONE = String.raw`(?: ?(?:([Zz]|UTC)|${OFFSET})(?:\[[\w+\-./:=]+\])*)?`;

const pattern = (dash: string, colon: string) =>
  new RegExp(
    String.raw`^${YEAR}${dash}(?:(\d\d)${dash}(\d\d)|(\d{3})|W(\d\d)${dash}([1-7]))` +
      String.raw`[Tt ](\d\d)(?:${colon}(\d\d)(?:${colon}(\d\d))?)?${FRACTION}${ZONE}$`,
  );
const EXTENDED = pattern('-', ':');
const BASIC = pattern('', '');

/** The fast path: nearly every tap has this form. Days are checked, because `Date.parse` accepts 30 February. */
const USUAL_DATE = String.raw`\d{4}-(?:(?!02)(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))`;
const USUAL = new RegExp(
  `^${USUAL_DATE}${String.raw`T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$`}`,
);

const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Days from 1970-01-01 to the first day of a year; `Date.UTC` would map the years 0 to 99 to 1900 to 1999. */
const yearStart = (year: number): number => {
  const before = year - 1;
  return 365 * year + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 719_527;
};

/** Days since 1970-01-01, or undefined when there is no such day. Each text is digits or undefined. */
const dayOf = (year: number, [month, day, ordinal, week, weekday]: (string | undefined)[]): number | undefined => {
  const first = yearStart(year);
  const yearDays = isLeap(year) ? 366 : 365;
  if (month !== undefined) {
    const [m, d] = [Number(month), Number(day)];
    const length = (MONTH_DAYS[m - 1] ?? 0) + (m === 2 && yearDays === 366 ? 1 : 0);
    if (d < 1 || d > length) return undefined;
    let days = first + d - 1;
    for (let before = 0; before < m - 1; before++) days += MONTH_DAYS[before] ?? 0;
    return m > 2 && yearDays === 366 ? days + 1 : days;
  }
  if (ordinal !== undefined) {
    const d = Number(ordinal);
    return d >= 1 && d <= yearDays ? first + d - 1 : undefined;
  }
  // Week 1 holds 4 January; day 0 of the epoch was a Thursday.
  const mondayOfWeek1 = (start: number) => start + 3 - ((((start + 3 + 3) % 7) + 7) % 7);
  const monday = mondayOfWeek1(first) + 7 * (Number(week) - 1);
  return Number(week) >= 1 && monday < mondayOfWeek1(first + yearDays) ? monday + Number(weekday) - 1 : undefined;
};

/** A decimal fraction (its digits) of a unit, in whole ms. More than nine digits would exceed the exact range. */
const fractionMs = (digits: string, unitMs: number): number =>
  Math.floor((Number(digits.slice(0, 9).padEnd(9, '0')) * unitMs) / 1e9);

/**
 * The time of a timestamp in whole ms since the epoch; `no zone` when it has no zone; undefined when it is not a valid
 * timestamp.
 */
export const momentOf = (text: string): number | 'no zone' | undefined => {
  if (USUAL.test(text)) return Date.parse(text);
  const found = EXTENDED.exec(text) ?? BASIC.exec(text);
  if (!found) return undefined;
  const day = dayOf(Number(found[1]), found.slice(2, 7));
  const [hour, minute, second] = [Number(found[7]), Number(found[8] ?? 0), Number(found[9] ?? 0)];
  const unit = found[9] !== undefined ? 1000 : found[8] !== undefined ? MINUTE : HOUR;
  const fraction = found[10] === undefined ? 0 : fractionMs(found[10], unit);
  if (day === undefined || minute > 59 || second > 60) return undefined;
  const ofDay = hour * HOUR + minute * MINUTE + second * 1000 + fraction;
  if (hour > 23 && ofDay !== DAY) return undefined;
  const local = day * DAY + ofDay;

  const [utc, sign, hours, minutes = '0', seconds = '0'] = found.slice(11, 16);
  if (utc === undefined && sign === undefined) return 'no zone';
  if (Number(hours ?? 0) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const offset = Number(hours ?? 0) * HOUR + Number(minutes) * MINUTE + Number(seconds) * 1000;
  const moment = sign === undefined ? local : sign === '+' ? local - offset : local + offset;
  return second === 60 && !mayBeLeapSecond(moment - fraction) ? undefined : moment;
};

/** Leap seconds occur at the end of a UTC month. As in POSIX time, one equals the first second of the next month. */
const mayBeLeapSecond = (next: number): boolean => next % DAY === 0 && new Date(next).getUTCDate() === 1;

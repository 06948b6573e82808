import type { Counts } from 'live-reactions';

/** An emoji that begins to float after a delay (ms). */
export interface Launch {
  emoji: string;
  delay: number;
  own: boolean;
}

/** So many taps of an emoji are shown one by one. */
const ONE_BY_ONE = 6;
const PER_DOUBLING = 2;

/**
 * How many emojis float for so many taps. The scaled count alone, with a ratio of 1000, would show the same single emoji
 * for one tap and for a thousand, so a small crowd would never see that it grows. Therefore the first 6 taps are shown one
 * by one, each doubling adds 2 more, and from about 26,000 taps on the scaled count is the larger one and decides.
 */
export const emojisFor = (taps: number, ratio: number, density = 1): number => {
  if (taps <= 0) return 0;
  const visible = taps <= ONE_BY_ONE ? taps : ONE_BY_ONE + PER_DOUBLING * Math.log2(taps / ONE_BY_ONE);
  return Math.max(1, Math.round(Math.max(Math.ceil(taps / ratio), visible) * density));
};

export interface SpreaderOptions {
  /** Emojis that may float at once; asked at each event, because it may depend on the size of the stage. */
  capacity: () => number;
  /** How long one floats. */
  flightMs: number;
  /** Multiplies the numbers of emojis. */
  density?: number;
  random?: () => number;
}

/**
 * Plans when the emojis of each event begin to float. Those of the crowd are spread evenly over the length of a window:
 * an event comes every second and its emojis last for two, so the events overlap and no waves are seen. No more begin in
 * a second than can float at once for their whole flight, else a burst would fill the stage and leave it empty after.
 */
export const createSpreader = ({ capacity, flightMs, density = 1, random = Math.random }: SpreaderOptions) => {
  let last = -Infinity;

  /** @param now ms, by any clock that only goes forward */
  return (
    { added, ratio, windowMs, own }: Pick<Counts, 'added' | 'ratio' | 'windowMs' | 'own'>,
    now: number,
  ): Launch[] => {
    const tapped = Object.entries(added).flatMap(([emoji, taps = 0]) => (taps > 0 ? [{ emoji, taps }] : []));
    if (own) return tapped.map(({ emoji }) => ({ emoji, delay: 0, own }));
    const budget = (capacity() * Math.min(now - last, windowMs)) / flightMs;
    last = now;
    const wanted = tapped.map(({ emoji, taps }) => ({ emoji, count: emojisFor(taps, ratio, density) }));
    const total = wanted.reduce((sum, { count }) => sum + count, 0);
    const share = Math.min(1, budget / total);
    return wanted.flatMap(({ emoji, count }) => {
      const shown = Math.max(1, Math.floor(count * share));
      return Array.from({ length: shown }, (_, n) => ({ emoji, delay: ((n + random()) / shown) * windowMs, own }));
    });
  };
};

import type { Counts, Totals } from 'live-reactions';

const EVERY_MS = 1000;
const BUSY = 12;

/** What one second of an invented crowd adds: quiet and loud moments, and now and then a burst of one emoji. */
export const demoTaps = (emojis: readonly string[], second: number, random: () => number = Math.random): Totals => {
  const loudness = (1 + Math.sin(second / 7)) / 2 + 0.1;
  const favourite = Math.floor(random() * emojis.length);
  const isBurst = second % 11 === 0;
  return Object.fromEntries(
    emojis.map((emoji, n) => [emoji, Math.round(random() * BUSY * loudness * (isBurst && n === favourite ? 8 : 1))]),
  );
};

/** An invented crowd, for setting an overlay up before anybody taps. @returns a function that ends it */
export const startDemo = (
  emojis: readonly string[],
  onCounts: (counts: Counts) => void,
  onTotals: (totals: Totals) => void,
) => {
  const totals: Record<string, number> = {};
  let second = 0;
  const timer = setInterval(() => {
    const added = demoTaps(emojis, second++);
    for (const [emoji, taps = 0] of Object.entries(added)) totals[emoji] = (totals[emoji] ?? 0) + taps;
    onCounts({ room: 'demo', windowMs: 2000, ratio: 1000, windows: [], added, own: false });
    onTotals({ ...totals });
  }, EVERY_MS);
  return () => clearInterval(timer);
};

import type { Totals } from 'live-reactions';

/** @param locale default: the browser's language */
export const createFormats = (locale?: string) => {
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
  const full = new Intl.NumberFormat(locale);
  // The sentences are English.
  const plural = new Intl.PluralRules('en');
  const list = new Intl.ListFormat('en');
  return {
    /** 12.4K */
    compact: (count: number): string => compact.format(count),
    /** 12,432 */
    full: (count: number): string => full.format(count),
    /** 1 tap, 12,432 taps */
    some: (count: number, noun: string): string =>
      `${full.format(count)} ${noun}${plural.select(count) === 'one' ? '' : 's'}`,
    /** 🔥 3 and ❤️ 1 */
    tally: (counts: Totals): string =>
      list.format(
        Object.entries(counts)
          .filter(([, count = 0]) => count > 0)
          .map(([emoji, count = 0]) => `${emoji} ${full.format(count)}`),
      ),
  };
};

export type Formats = ReturnType<typeof createFormats>;

export const sum = (counts: Totals): number =>
  Object.values(counts).reduce<number>((total, count = 0) => total + count, 0);

/** `❤` and `❤️` are the same emoji; the second is how the server spells it. */
const plain = (emoji: string) => emoji.replaceAll('\uFE0F', '');

/** The count of an emoji, however it is spelled. */
export const countOf = (counts: Totals, emoji: string): number =>
  counts[emoji] ?? Object.entries(counts).find(([other]) => plain(other) === plain(emoji))?.[1] ?? 0;

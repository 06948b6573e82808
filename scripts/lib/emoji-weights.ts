import { emojiCanonicaliser } from '../../lib/domain/emoji.ts';
import { UsageError } from './cli.ts';

/** Emoji in its canonical form → weight: how often it is tapped, relative to the others. */
export type EmojiWeights = ReadonlyMap<string, number>;

/** Any short code: the platform decides which ones it accepts. */
const SHORT_CODE = /^:\S+:$/;
const WEIGHT = /^\d+(\.\d+)?$/;

/**
 * Reads `🔥=5,❤️=3`; an emoji without a weight has 1.
 * @throws UsageError
 */
export function parseWeights(text: string): EmojiWeights {
  const canonical = emojiCanonicaliser();
  const weights = new Map<string, number>();
  for (const part of text.split(',')) {
    const [name = '', weight = '1', ...more] = part.trim().split('=');
    const emoji = canonical(name) ?? (SHORT_CODE.test(name) ? name : undefined);
    if (emoji === undefined || !WEIGHT.test(weight) || Number(weight) <= 0 || more.length > 0) {
      throw new UsageError(
        `--emoji should list emojis or :short_codes: with weights above 0, such as 🔥=5,❤️=3; "${part.trim()}" is not one.`,
      );
    }
    weights.set(emoji, (weights.get(emoji) ?? 0) + Number(weight));
  }
  return weights;
}

/** Creates a function that picks random emojis in proportion to their weights. */
export function emojiPicker(weights: EmojiWeights, random: () => number = Math.random): () => string {
  const entries = [...weights];
  const sum = entries.reduce((total, [, weight]) => total + weight, 0);
  return () => {
    let left = random() * sum;
    for (const [emoji, weight] of entries) if ((left -= weight) < 0) return emoji;
    return entries[0]?.[0] ?? ''; // rounding
  };
}

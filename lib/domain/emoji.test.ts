import { describe, expect, test } from '@jest/globals';
import { emojiCanonicaliser } from './emoji.ts';

const canonical = emojiCanonicaliser([':goal:']);

describe('emojiCanonicaliser', () => {
  test.each(['🔥', '❤️', '👍🏽', '🇩🇪', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '1️⃣', '👨‍👩‍👧‍👦', '🧑🏿‍🚀', '🏳️‍🌈', ':goal:'])('%s is one reaction', (text) => {
    expect(canonical(text)).toBe(text);
  });

  test.each([
    ['❤', '❤️'],
    ['☝🏽', '☝🏽'],
    ['🏳‍🌈', '🏳️‍🌈'],
    ['🔥️', '🔥'],
    ['©', '©️'],
    ['👁‍🗨', '👁️‍🗨️'],
  ])('%s is counted as %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  test.each([
    ['an empty text', ''],
    ['a letter', 'a'],
    ['a digit', '1'],
    ['two emojis', '🔥🔥'],
    ['an emoji and a space', '🔥 '],
    ['half a flag', '🇩'],
    ['a lone skin tone on a letter', 'a🏽'],
    ['a lone surrogate', '\ud83d'],
    ['a lone joiner', '\u200d'],
    ['an unknown short code', ':own-goal:'],
    ['a very long text', '🔥'.repeat(100_000)],
  ])('%s is not a reaction', (_what, text) => {
    expect(canonical(text)).toBeUndefined();
  });
});

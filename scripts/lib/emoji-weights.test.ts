import { describe, expect, test } from '@jest/globals';
import { UsageError } from './cli.ts';
import { emojiPicker, parseWeights } from './emoji-weights.ts';

test('the default weight is 1, and spellings of the same emoji are combined', () => {
  expect([...parseWeights('🔥=5, ❤,❤️=1.5,#️⃣=2,:goal:')]).toEqual([
    ['🔥', 5],
    ['❤️', 2.5],
    ['#️⃣', 2],
    [':goal:', 1],
  ]);
});

describe('invalid lists are rejected with an error that quotes the invalid part', () => {
  test.each(['', 'fire', '🔥🔥', '🔥=', '🔥=0', '🔥=-1', '🔥=x', '🔥=1=2', '=5', '🔥=5,,❤️'])('%j', (text) => {
    expect(() => parseWeights(text)).toThrow(UsageError);
    expect(() => parseWeights(text)).toThrow(/^--emoji should list emojis/);
  });
});

test('emojis are picked in proportion to their weights', () => {
  let n = 0;
  const pick = emojiPicker(parseWeights('🔥=5,❤️=3,👏=2'), () => (n++ % 1000) / 1000);
  const picked = new Map<string, number>();
  for (let k = 0; k < 1000; k++) {
    const emoji = pick();
    picked.set(emoji, (picked.get(emoji) ?? 0) + 1);
  }
  expect([...picked]).toEqual([
    ['🔥', 500],
    ['❤️', 300],
    ['👏', 200],
  ]);
});

test('an emoji is picked even if rounding errors exceed the sum of the weights', () => {
  const pick = emojiPicker(parseWeights('🔥=0.1,❤️=0.2'), () => 1);
  expect(pick()).toBe('🔥');
});

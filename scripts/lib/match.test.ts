import { expect, test } from '@jest/globals';
import { emojiCanonicaliser } from '../../lib/domain/emoji.ts';
import { MATCH_EMOJIS, matchOf, phaseLine } from './match.ts';

test('the phases follow each other without a gap, from the kick-off to the end', () => {
  const match = matchOf(180);
  expect([match[0]?.from, match.at(-1)?.to]).toEqual([0, 180]);
  for (const [n, { from, to }] of match.entries()) {
    expect(to).toBeGreaterThan(from);
    expect(from).toBe(match[n - 1]?.to ?? 0);
  }
});

test('the match clock never runs backwards', () => {
  const minutes = matchOf(60).map(({ minute }) => minute);
  expect(minutes).toEqual([...minutes].sort((a, b) => a - b));
});

test('every match is the same, and a shorter one only faster', () => {
  expect(matchOf(60)).toEqual(matchOf(60));
  const scaled = matchOf(60).map(({ from, to, ...phase }) => ({ ...phase, from: from * 3, to: to * 3 }));
  for (const [n, phase] of matchOf(180).entries())
    expect(phase).toEqual({
      ...scaled[n],
      from: expect.closeTo(scaled[n]?.from ?? 0),
      to: expect.closeTo(scaled[n]?.to ?? 0),
    });
});

test('a goal is the loudest, half-time the quietest', () => {
  const byRate = matchOf(60).sort((a, b) => a.rate - b.rate);
  expect([byRate[0]?.title, byRate.at(-1)?.title]).toEqual(['Half-time', 'Goal for home']);
});

test('the crowd taps only emojis that the page offers, in the form in which they are counted', () => {
  const canonical = emojiCanonicaliser();
  expect(MATCH_EMOJIS.map((emoji) => canonical(emoji))).toEqual(MATCH_EMOJIS);
  const tapped = new Set(matchOf(60).flatMap(({ weights }) => [...weights.keys()]));
  expect([...tapped].sort()).toEqual([...MATCH_EMOJIS].sort());
});

test('phaseLine has minute, title and rate', () => {
  const goal = matchOf(60).find(({ title }) => title === 'Goal for home');
  expect(goal && phaseLine(goal)).toBe("12' Goal for home: 400 taps/s");
});

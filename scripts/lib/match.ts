import type { EmojiWeights } from './emoji-weights.ts';

/** The emojis of the crowd, which the page offers too. */
export const MATCH_EMOJIS = ['🔥', '❤️', '👏', '😂', '🎉', '😮', '👎'] as const;

/** A part of the match in which the crowd's mood stays the same. */
export interface Phase {
  /** Of the match clock; during half-time and added time it stands still. */
  minute: number;
  title: string;
  /** Taps a second. */
  rate: number;
  weights: EmojiWeights;
}

interface Part {
  minute: number;
  title: string;
  /** Length in minutes. */
  lasts: number;
  rate: number;
  weights: Partial<Record<(typeof MATCH_EMOJIS)[number], number>>;
}

const QUIET = { rate: 30, weights: { '👏': 5, '🔥': 3, '😂': 2, '❤️': 2 } };
const BUILD_UP = { rate: 120, weights: { '🔥': 8, '👏': 3, '😮': 3, '❤️': 1 } };
const GOAL = { rate: 400, weights: { '🎉': 8, '🔥': 6, '❤️': 5, '😮': 2, '👎': 1 } };
const CELEBRATION = { rate: 220, weights: { '❤️': 8, '🎉': 6, '👏': 5, '😂': 1 } };
const BOOS = { rate: 180, weights: { '👎': 10, '😮': 3, '😂': 2, '👏': 1 } };

const PARTS: readonly Part[] = [
  { minute: 0, title: 'Kick-off', lasts: 3, rate: 150, weights: { '👏': 8, '🔥': 5, '❤️': 4 } },
  { minute: 3, title: 'Quiet', lasts: 6, ...QUIET },
  { minute: 9, title: 'Build-up of the home team', lasts: 3, ...BUILD_UP },
  { minute: 12, title: 'Goal for home', lasts: 4, ...GOAL },
  { minute: 16, title: 'Celebration', lasts: 5, ...CELEBRATION },
  { minute: 21, title: 'Quiet', lasts: 8, ...QUIET },
  { minute: 29, title: 'Boos for a foul', lasts: 4, ...BOOS },
  { minute: 33, title: 'Free kick, just wide', lasts: 3, rate: 200, weights: { '😮': 10, '🔥': 3, '😂': 2 } },
  { minute: 36, title: 'Quiet', lasts: 9, ...QUIET },
  { minute: 45, title: 'Half-time', lasts: 8, rate: 10, weights: { '😂': 3, '❤️': 2, '👏': 1 } },
  { minute: 46, title: 'Second half', lasts: 3, rate: 130, weights: { '👏': 6, '🔥': 5 } },
  { minute: 49, title: 'Quiet', lasts: 7, ...QUIET },
  { minute: 56, title: 'Build-up of the visitors', lasts: 3, ...BUILD_UP },
  { minute: 59, title: 'Goal for the visitors', lasts: 4, rate: 260, weights: { '👎': 7, '😮': 6, '🎉': 3 } },
  { minute: 63, title: 'Quiet', lasts: 9, ...QUIET },
  { minute: 72, title: 'Boos for the referee', lasts: 4, ...BOOS },
  { minute: 76, title: 'Build-up of the home team', lasts: 8, ...BUILD_UP },
  { minute: 84, title: 'Goal for home', lasts: 4, ...GOAL },
  { minute: 88, title: 'Celebration', lasts: 2, ...CELEBRATION },
  { minute: 90, title: 'Added time', lasts: 4, rate: 160, weights: { '🔥': 6, '😮': 4, '👏': 3 } },
  { minute: 90, title: 'Full time', lasts: 5, rate: 240, weights: { '🎉': 8, '❤️': 6, '👏': 6 } },
];

const LENGTH = PARTS.reduce((sum, { lasts }) => sum + lasts, 0);

/** A phase with its time in seconds since the kick-off. */
export interface ScheduledPhase extends Phase {
  from: number;
  to: number;
}

/** The phases of a match of this length in seconds, always the same ones. */
export function matchOf(seconds: number): ScheduledPhase[] {
  let played = 0;
  return PARTS.map(({ minute, title, lasts, rate, weights }) => {
    const from = (played / LENGTH) * seconds;
    played += lasts;
    return { minute, title, rate, weights: new Map(Object.entries(weights)), from, to: (played / LENGTH) * seconds };
  });
}

/** "12' Goal for home: 400 taps/s" */
export const phaseLine = ({ minute, title, rate }: Phase): string => `${minute}' ${title}: ${rate} taps/s`;

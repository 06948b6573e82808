import { LANES, type Lane } from './flight.ts';
import { isRoom } from './room.ts';

const THEMES = ['none', 'dark', 'light'] as const;

export interface OverlayParams {
  /** undefined: the first room of the configuration */
  room: string | undefined;
  /** What the totals look like; `none`: there are no totals. */
  theme: (typeof THEMES)[number];
  /** CSS pixels */
  size: number;
  /** Multiplies how many emojis float. */
  density: number;
  lane: Lane;
  /** Emojis that float at once. */
  max: number;
  /** Only these are shown; undefined: all. */
  emojis: readonly string[] | undefined;
  delayMs: number;
  /** Shows an invented crowd, without a server. */
  demo: boolean;
}

interface Parameter<T> {
  fallback: T;
  /** What it should be, for the warning. */
  expected: string;
  /** @returns undefined when the text is not what is expected */
  read: (text: string) => T | undefined;
}

const number = (fallback: number, from: number, to: number): Parameter<number> => ({
  fallback,
  expected: `a number from ${from} to ${to}`,
  read: (text) => (/^\d*\.?\d+$/.test(text) && Number(text) >= from && Number(text) <= to ? Number(text) : undefined),
});
const oneOf = <T extends string>(fallback: T, names: readonly T[]): Parameter<T> => ({
  fallback,
  expected: names.join(', '),
  read: (text) => names.find((name) => name === text),
});

export const PARAMETERS = {
  room: {
    fallback: undefined as string | undefined,
    expected: 'the name of a room: 1 to 64 characters without spaces and braces',
    read: (text: string) => (isRoom(text) ? text : undefined),
  },
  theme: oneOf('none', THEMES),
  size: number(48, 16, 200),
  density: number(1, 0.1, 10),
  lane: oneOf('full', Object.keys(LANES) as Lane[]),
  max: number(120, 1, 500),
  emojis: {
    fallback: undefined as readonly string[] | undefined,
    expected: 'emojis separated by commas or spaces',
    read: (text: string) => {
      const emojis = text.split(/[\s,]+/).filter(Boolean);
      return emojis.length > 0 ? emojis : undefined;
    },
  },
  delay: number(0, 0, 120),
  demo: oneOf('0', ['0', '1']),
} as const;

/** Reads the parameters of the overlay's address. Unknown ones are ignored; a wrong one is reported and has its default. */
export const readOverlayParams = (search: string, warn: (message: string) => void): OverlayParams => {
  const given = new URLSearchParams(search);
  const read = <T>(name: string, { fallback, expected, read: parse }: Parameter<T>): T => {
    const text = given.get(name);
    const value = text === null ? fallback : parse(text);
    if (text !== null && value === undefined) {
      warn(`The parameter ${name} should be ${expected}, not "${text}". Its default is used.`);
      return fallback;
    }
    return value as T;
  };
  return {
    room: read('room', PARAMETERS.room),
    theme: read('theme', PARAMETERS.theme),
    size: read('size', PARAMETERS.size),
    density: read('density', PARAMETERS.density),
    lane: read('lane', PARAMETERS.lane),
    max: Math.round(read('max', PARAMETERS.max)),
    emojis: read('emojis', PARAMETERS.emojis),
    delayMs: read('delay', PARAMETERS.delay) * 1000,
    demo: read('demo', PARAMETERS.demo) === '1',
  };
};

import type { Particle } from './pool.ts';

/** How long emojis float: each a little longer or shorter, so that they do not move in step. */
export const FLIGHT_MS = 4000;
const FLIGHT_SPREAD = 0.25;

export const LANES = { full: [0.04, 0.96], left: [0.04, 0.3], right: [0.7, 0.96] } as const;
export type Lane = keyof typeof LANES;

/** Sizes of the emojis, as parts of the usual size; a sprite is drawn for each. */
export const SIZES = [0.8, 1, 1.2] as const;

/** Fills a particle. @param x where it begins (0 to 1); undefined: anywhere in the lane */
export const begin = (
  particle: Particle,
  emoji: string,
  { at, lane, x, random = Math.random }: { at: number; lane: Lane; x?: number | undefined; random?: () => number },
): void => {
  const [left, right] = LANES[lane];
  particle.emoji = emoji;
  particle.x = x ?? left + random() * (right - left);
  particle.size = Math.floor(random() * SIZES.length);
  particle.begin = at;
  particle.flightMs = FLIGHT_MS * (1 + (random() - 0.5) * FLIGHT_SPREAD);
  particle.sway = 0.3 + random() * 0.5;
  particle.phase = random() * 2 * Math.PI;
};

/** Where a particle is: its centre in pixels, from the top left corner. */
export interface Place {
  x: number;
  y: number;
  scale: number;
  alpha: number;
}

const APPEAR = 0.08;
const FADE = 0.65;

/** Writes the place into `place`, so that a frame of 200 emojis allocates nothing. */
export const locate = (
  { begin: since, flightMs, x, sway, phase }: Particle,
  now: number,
  { width, height, size }: { width: number; height: number; size: number },
  place: Place,
): void => {
  const t = Math.min(1, Math.max(0, (now - since) / flightMs));
  const risen = 1 - (1 - t) ** 1.5;
  place.x = x * width + Math.sin(phase + t * 7) * sway * size * (0.3 + t);
  place.y = height - size * 0.4 - risen * height * 0.9;
  // Grows a little beyond its size, then back.
  place.scale = t < APPEAR ? (t / APPEAR) * 1.15 : t < APPEAR * 2 ? 1.15 - 0.15 * (t / APPEAR - 1) : 1;
  place.alpha = t < FADE ? Math.min(1, (t / APPEAR) * 2) : (1 - t) / (1 - FADE);
};

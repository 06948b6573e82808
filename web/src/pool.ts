/** An emoji that floats. The pool uses these objects again, so nothing is allocated while emojis float. */
export interface Particle {
  emoji: string;
  /** Where it begins, from 0 (left) to 1. */
  x: number;
  /** Which of the sizes it has. */
  size: number;
  /** When it begins (ms), perhaps in the future. */
  begin: number;
  flightMs: number;
  /** How far (part of its size) and from which angle it sways. */
  sway: number;
  phase: number;
}

export interface Pool {
  readonly count: number;
  /**
   * Lends a particle, which the caller fills. If all are in use: the one that ends first when `mustShow`, else none.
   * The particle is in use until `begin + flightMs`.
   */
  take(mustShow: boolean): Particle | undefined;
  /** Calls `draw` with each particle that floats at this time, after taking back those that have ended. */
  each(now: number, draw: (particle: Particle) => void): void;
  clear(): void;
}

const end = ({ begin, flightMs }: Particle) => begin + flightMs;
const blank = (): Particle => ({ emoji: '', x: 0, size: 0, begin: 0, flightMs: 0, sway: 0, phase: 0 });

export const createPool = (capacity: number): Pool => {
  /** The first `count` are in use. */
  const particles = Array.from({ length: capacity }, blank);
  let count = 0;

  return {
    get count() {
      return count;
    },
    take(mustShow) {
      if (count < capacity) return particles[count++];
      return mustShow ? particles.reduce((first, each) => (end(each) < end(first) ? each : first)) : undefined;
    },
    each(now, draw) {
      for (let n = 0; n < count;) {
        const particle = particles[n] as Particle;
        if (now < end(particle)) {
          if (now >= particle.begin) draw(particle);
          n++;
          continue;
        }
        count--;
        particles[n] = particles[count] as Particle;
        particles[count] = particle;
      }
    },
    clear() {
      count = 0;
    },
  };
};

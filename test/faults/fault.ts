import type { Viewer } from '../e2e/viewer.ts';
import type { Random } from '../support/random.ts';
import type { FaultPlatform } from './platform.ts';

/** What a fault has to do with. */
export interface FaultContext {
  platform: FaultPlatform;
  /** Seeded: the same round of the same seed breaks the same thing at the same moment. */
  random: Random;
  /** Rooms in which taps come in while the fault lasts. */
  rooms: readonly string[];
  viewers: readonly Viewer[];
  /** The fault ends now: from here on the time to recover is taken. */
  heals(): void;
}

export interface Fault {
  /** As in the table of docs/reliability.md. */
  name: string;
  /** How many of a hundred rounds are of this kind. */
  share: number;
  /** Why it can't be tried here, if it can't. */
  impossible?(platform: FaultPlatform): string | undefined;
  /** Breaks something and heals it. */
  run(context: FaultContext): Promise<void>;
}

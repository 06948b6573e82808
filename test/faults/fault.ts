import type { Crowd } from '../e2e/crowd.ts';
import type { Viewer } from '../e2e/viewer.ts';
import type { Random } from '../support/random.ts';
import { until } from '../support/until.ts';
import type { FaultPlatform } from './platform.ts';

/** What a fault has to do with. */
export interface FaultContext {
  platform: FaultPlatform;
  /** Seeded: the same round of the same seed breaks the same thing at the same moment. */
  random: Random;
  /** Rooms in which taps come in while the fault lasts. */
  rooms: readonly string[];
  viewers: readonly Viewer[];
  crowd: Crowd;
  /** The fault ends now: from here on the time to recover is taken. */
  heals(): void;
}

/** Where a fault can be made: one broker with a replicated Redis, or with a Redis Cluster. */
export type PlatformKind = 'single' | 'cluster';

export interface Fault {
  /** As in the table of docs/reliability.md. */
  name: string;
  on: PlatformKind;
  /** How many rounds are of this kind, compared with the others. */
  share: number;
  /** Why it can't be tried on this machine, if it can't. */
  impossible?(): Promise<string | undefined>;
  /** Breaks something and heals it. */
  run(context: FaultContext): Promise<void>;
}

/** Who watches registers again every now and then, and so is known again to a Redis that has forgotten him. */
export const registerAgain = ({ viewers }: Pick<FaultContext, 'viewers'>) =>
  Promise.all(
    viewers.map((viewer) =>
      until(`${viewer.id} is registered again`, () =>
        viewer.register().then(
          () => true,
          () => false,
        ),
      ),
    ),
  );

import type { Crowd } from '../e2e/crowd.ts';
import type { Viewer } from '../e2e/viewer.ts';
import type { Random } from '../support/random.ts';
import { until } from '../support/until.ts';
import type { FaultPlatform } from './platform.ts';

/** What a fault gets to work with. */
export interface FaultContext {
  platform: FaultPlatform;
  /** Seeded: the same round with the same seed has the same fault at the same moment. */
  random: Random;
  /** Rooms that get taps during the fault. */
  rooms: readonly string[];
  viewers: readonly Viewer[];
  crowd: Crowd;
  /** Called when the fault ends: the recovery time is measured from this moment. */
  heals(): void;
}

/** The platform that a fault needs: one broker with a replicated Redis (`single`) or with a Redis Cluster, or three brokers. */
export type PlatformKind = 'single' | 'cluster' | 'brokers';

export interface Fault {
  /** As in the table of docs/reliability.md. */
  name: string;
  on: PlatformKind;
  /** How many rounds get this fault, in proportion to the other faults. */
  share: number;
  /** The reason why this machine can't make the fault, if there is one. */
  impossible?(): Promise<string | undefined>;
  /** Causes the fault and ends it. */
  run(context: FaultContext): Promise<void>;
}

/** Registers the clients again, as clients do from time to time: Redis may have lost their registrations. */
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

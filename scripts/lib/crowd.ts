import { randomBytes } from 'node:crypto';
import { waitUntil } from './cli.ts';
import type { ScheduledPhase } from './match.ts';
import { Statistics } from './statistics.ts';
import { startTapper, type Tapper } from './tapper.ts';

export interface CrowdOptions {
  /** Of `POST /emoji`. */
  url: URL;
  headers: Record<string, string>;
  room: string;
  match: readonly ScheduledPhase[];
  stop: AbortSignal;
  onPhase: (phase: ScheduledPhase) => void;
}

/** Taps in one request, so that a laptop is busy with counting, not with requests. */
const BATCH = 5;
const MAX_IN_FLIGHT = 64;
const RETRIES = 5;

/** Taps as the phases of a match say, until its end or until `stop`. @returns the taps by their outcome, after all answers */
export async function tapMatch({ url, headers, room, match, stop, onPhase }: CrowdOptions): Promise<Statistics> {
  const run = randomBytes(3).toString('hex'); // so that two matches have different users
  const began = performance.now();
  const tappers: Tapper[] = [];
  const finished: Promise<void>[] = [];
  for (const [n, phase] of match.entries()) {
    if (stop.aborted) break;
    onPhase(phase);
    // From the kick-off, so that delays do not add up.
    const seconds = Math.max(0, phase.to - (performance.now() - began) / 1000);
    const tapper = startTapper(`demo-${run}-${n}`, 0, {
      ...{ url, headers, rate: phase.rate, batch: BATCH, users: phase.rate, rooms: [room], weights: phase.weights },
      ...{ maxInFlight: MAX_IN_FLIGHT, retries: RETRIES, seconds },
    });
    tappers.push(tapper);
    await waitUntil(stop, seconds);
    // Its last answers may arrive during the next phase.
    finished.push(tapper.finish());
  }
  await Promise.all(finished);
  return new Statistics(tappers.map(({ statistics }) => statistics));
}

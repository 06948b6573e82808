import { setTimeout as sleep } from 'node:timers/promises';
import { sendAgain, startCrowd, type SentTap } from '../e2e/crowd.ts';
import { startViewer, type Viewer } from '../e2e/viewer.ts';
import { groupBy } from '../../lib/domain/group-by.ts';
import { between, type Random } from '../support/random.ts';
import { until } from '../support/until.ts';
import { drained } from './drained.ts';
import type { Fault } from './fault.ts';
import { add, compareRoom, NOTHING, type Sums } from './ledger.ts';
import type { FaultPlatform } from './platform.ts';

export interface RoundResult extends Sums {
  /** From the end of the fault until a tap made after it had reached a client. */
  recoveryMs: number;
  /** By room, to be compared again at the end of the run. */
  taps: number;
  sent: ReadonlyMap<string, readonly SentTap[]>;
}

const ROOMS = 3;
const VIEWERS_PER_ROOM = 2;
const PER_SECOND = 150;
const PROBE_EVERY_MS = 100;
/** Final updates, which heal what a client was not told, come with the next minute at the latest. */
const PATIENCE_MS = 100_000;

/** When every hop has read everything, there is nothing left that could count a tap; but a recount may be under way. */
const COUNTED_MS = 20_000;

/** Compares what was tapped in the rooms with what is counted now, and with what their viewers know. */
export const compare = async (
  platform: FaultPlatform,
  sent: ReadonlyMap<string, readonly SentTap[]>,
  viewersOf: (room: string) => readonly Viewer[] = () => [],
): Promise<Sums> => {
  const rooms = await Promise.all(
    [...sent].map(async ([room, taps]) => {
      const snapshot = await platform.windows.snapshot(room);
      const told = viewersOf(room).map((viewer) => viewer.counts());
      return compareRoom(taps, snapshot, told, platform.windowMs);
    }),
  );
  return rooms.reduce(add, NOTHING);
};

export const isExact = ({ lost, doubled, disagreeing }: Sums): boolean => lost + doubled + disagreeing === 0;

/** Looks until everything is right, or the time is over: what is wrong then stands in the sums. */
const settle = async (look: () => Promise<Sums>): Promise<Sums> => {
  let sums = await look();
  const right = (what: (sums: Sums) => boolean, ms: number) =>
    until('all is counted and told', async () => what((sums = await look())), ms).catch(() => undefined);
  await right(({ lost, doubled }) => lost + doubled === 0, COUNTED_MS);
  if (sums.lost + sums.doubled === 0) await right(isExact, PATIENCE_MS);
  return sums;
};

/** One fault, under load, in rooms of its own. */
export async function runRound(
  platform: FaultPlatform,
  fault: Fault,
  name: string,
  random: Random,
): Promise<RoundResult> {
  const { url } = platform;
  const rooms = Array.from({ length: ROOMS }, (_, n) => `${name}-${n}`);
  const probeRoom = `${name}-probe`;
  const watched = [...rooms.flatMap((room) => Array<string>(VIEWERS_PER_ROOM).fill(room)), probeRoom];
  const viewers = await Promise.all(
    watched.map(async (room, n) => ({ room, viewer: await startViewer(url, `${name}-v${n}`, { room_id: room }) })),
  );
  const probe = viewers.at(-1)?.viewer;
  // In one room nothing but offsets tells what has been counted; in the others ids do, too.
  const crowd = startCrowd(url, { perSecond: PER_SECOND, rooms, withoutIds: rooms.slice(-1) });
  let going = true;
  let healedAt = 0;
  try {
    await until('taps reach a client', () => (viewers[0]?.viewer.lines.length ?? 0) > 0, PATIENCE_MS);
    await sleep(between(random, 0, 2000)); // the moment at which it breaks
    await fault.run({
      platform,
      random,
      rooms,
      viewers: viewers.map(({ viewer }) => viewer),
      heals: () => (healedAt = performance.now()),
    });
    // Taps of a room that nobody has tapped in before: whatever arrives there was made after the fault.
    const probing = (async () => {
      while (going) {
        void crowd.tap(probeRoom);
        await sleep(PROBE_EVERY_MS);
      }
    })();
    await until('a tap reaches a client again', () => (probe?.lines.length ?? 0) > 0, PATIENCE_MS);
    const recoveryMs = performance.now() - healedAt;
    await sleep(between(random, 500, 1500)); // some more taps, of which all must be there too
    going = false;
    await probing;

    const taps = await crowd.stop();
    const sent = groupBy(taps, ({ room }) => room);
    await drained(platform.kafkaBrokers, PATIENCE_MS);
    const viewersOf = (room: string) => viewers.flatMap((each) => (each.room === room ? [each.viewer] : []));
    const look = () => compare(platform, sent, viewersOf);
    const sums = await settle(look);
    const failed = taps.filter(({ status, event_id }) => status !== 200 && event_id !== undefined);
    if (failed.length === 0) return { ...sums, recoveryMs, sent };

    // Sent again with the ids that they had, none may be missing any more, and none may be there twice.
    await sendAgain(url, failed);
    await drained(platform.kafkaBrokers, PATIENCE_MS);
    const again = await settle(look);
    return {
      ...sums,
      lost: Math.max(sums.lost, again.lost),
      doubled: Math.max(sums.doubled, again.doubled),
      disagreeing: Math.max(sums.disagreeing, again.disagreeing),
      recoveryMs,
      sent,
    };
  } finally {
    going = false;
    await crowd.stop();
    await Promise.all(
      viewers.map(async ({ viewer }) => {
        await fetch(`${url}/register/${viewer.id}`, { method: 'DELETE' }).catch(() => undefined);
        await viewer.close();
      }),
    );
  }
}

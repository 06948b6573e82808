import { setTimeout as sleep } from 'node:timers/promises';
import { sendAgain, startCrowd } from '../e2e/crowd.ts';
import { startViewer } from '../e2e/viewer.ts';
import { groupBy } from '../../lib/domain/group-by.ts';
import { between, type Random } from '../support/random.ts';
import { until } from '../support/until.ts';
import { drained } from './drained.ts';
import { comparison, untilEqual, type Findings, type Sent } from './evidence.ts';
import type { Fault } from './fault.ts';
import { NOTHING, type Difference } from './ledger.ts';
import type { FaultPlatform } from './platform.ts';
import { topicReader } from './topic.ts';
import { unregistered } from './unregistered.ts';

export interface RoundResult extends Findings {
  /** From the end of the fault until a client received a tap that was made after the fault. */
  recoveryMs: number;
  /** The taps of the round, compared again at the end of the run. */
  sent: Sent;
}

const ROOMS = 3;
const VIEWERS_PER_ROOM = 2;
const PER_SECOND = 150;
const PROBE_EVERY_MS = 100;
/** Final updates, which repeat counts that a client missed, are sent within a minute. */
const RECOVERY_LIMIT_MS = 100_000;

/** The taps are those of the first comparison; each kind of difference is that of the comparison that has more of it. */
const merged = (found: readonly Findings[], clients: readonly Difference[]): Findings => {
  const most = (what: 'lost' | 'doubled' | 'mismatches') => Math.max(...found.map(({ sums }) => sums[what]));
  const mismatches = most('mismatches') + clients.length;
  return {
    sums: { ...(found[0]?.sums ?? NOTHING), lost: most('lost'), doubled: most('doubled'), mismatches },
    differences: [...found.flatMap(({ differences }) => differences), ...clients],
  };
};

/** Runs one fault under load, in its own rooms. */
export async function runRound(
  platform: FaultPlatform,
  fault: Fault,
  name: string,
  random: Random,
): Promise<RoundResult> {
  const { url } = platform;
  const compare = comparison(platform, await topicReader(platform.kafkaBrokers).ends());
  const rooms = Array.from({ length: ROOMS }, (_, n) => `${name}-${n}`);
  const probeRoom = `${name}-probe`;
  const watched = [...rooms.flatMap((room) => Array<string>(VIEWERS_PER_ROOM).fill(room)), probeRoom];
  const viewers = await Promise.all(
    watched.map(async (room, n) => ({ room, viewer: await startViewer(url, `${name}-v${n}`, { room_id: room }) })),
  );
  const probe = viewers.at(-1)?.viewer;
  // Taps of one room have no `event_id`: there only the offsets prevent double counting.
  const crowd = startCrowd(url, { perSecond: PER_SECOND, rooms, withoutIds: rooms.slice(-1), zoned: true });
  let going = true;
  let healedAt = 0;
  try {
    await until('taps reach a client', () => (viewers[0]?.viewer.lines.length ?? 0) > 0, RECOVERY_LIMIT_MS);
    await sleep(between(random, 0, 2000)); // a random moment for the fault
    await fault.run({
      ...{ platform, random, rooms, crowd },
      viewers: viewers.map(({ viewer }) => viewer),
      heals: () => (healedAt = performance.now()),
    });
    // This room had no taps before: each update of it comes from a tap made after the fault.
    const probing = (async () => {
      while (going) {
        void crowd.tap(probeRoom);
        await sleep(PROBE_EVERY_MS);
      }
    })();
    await until('a tap reaches a client again', () => (probe?.lines.length ?? 0) > 0, RECOVERY_LIMIT_MS);
    const recoveryMs = performance.now() - healedAt;
    await sleep(between(random, 500, 1500)); // some more taps, which must all be counted, too
    going = false;
    await probing;

    const taps = await crowd.stop();
    const sent = groupBy(taps, ({ room }) => room);
    const viewersOf = (room: string) => viewers.flatMap((each) => (each.room === room ? [each.viewer] : []));
    const allRight = async () => {
      await drained(platform.kafkaBrokers, RECOVERY_LIMIT_MS);
      return untilEqual(() => compare(sent, viewersOf), RECOVERY_LIMIT_MS);
    };
    const found = [await allRight()];
    const failed = taps.filter(({ status, event_id }) => status !== 200 && event_id !== undefined);
    if (failed.length > 0) {
      // The failed taps are sent again with the same ids: then each must be counted exactly once.
      await sendAgain(url, failed);
      found.push(await allRight());
    }
    const clients = viewers.map(({ room, viewer: { id } }) => ({ id, room }));
    return { ...merged(found, unregistered(platform.output(), clients)), recoveryMs, sent };
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

import type { Config } from '../../lib/config/variables.ts';
import type { Io } from './cli.ts';
import { type Entry, placeName, readDeadLetters, restoreWhole } from './dead-letters.ts';
import { held, putBack, type ReplayItem, toOutgoing } from './replay.ts';
import { printableLine } from './screen.ts';
import { type Broker, withRecordLog } from './services.ts';
import { count } from './table.ts';

/** Maximum number and size of records that are written together, to bound the memory. */
const AT_ONCE = 100;
const CHARACTERS_AT_ONCE = 4_000_000;

interface ReplayOptions {
  dryRun: boolean;
  force: boolean;
  value: Buffer | undefined;
  print: Io['print'];
}

/** Puts dead letters back and prints the result of each. @returns the number of refused ones. */
export async function runReplay(broker: Broker, config: Config, entries: readonly Entry[], options: ReplayOptions) {
  const { dryRun, force, value, print } = options;
  const counts = { back: 0, skipped: 0, refused: 0 };
  const say = (entry: Entry, what: string) =>
    print(`${entry.id}  ${printableLine(placeName(entry.place))}  ${printableLine(what)}`);
  const refuse = (entry: Entry, why: string) => {
    counts.refused++;
    say(entry, `refused: ${why}`);
  };
  const due = entries.filter((entry) => {
    const reason = held(entry, Date.now(), force);
    if (reason && 'refused' in reason) refuse(entry, reason.refused);
    else if (reason) {
      counts.skipped++;
      say(entry, `skipped: it ${reason.done}`);
    }
    return reason === undefined;
  });
  await withRecordLog(broker, config, async (records) => {
    let items: (ReplayItem & { entry: Entry })[] = [];
    const flush = async () => {
      if (!dryRun) await putBack(records, items);
      for (const { entry, topic } of items)
        say(entry, dryRun ? `would be put back to ${topic}` : `put back to ${topic}`);
      counts.back += items.length;
      items = [];
    };
    await readDeadLetters(broker, due, async (entry, letter) => {
      const whole = value ? { ...letter, value: value.toString('base64') } : await restoreWhole(broker, letter);
      if (!whole) return refuse(entry, `only a part of it was kept, and ${entry.place.topic} no longer has it`);
      const restored = toOutgoing(whole, { shortCodes: config.EMOJI_SHORT_CODES, force });
      if ('refused' in restored) return refuse(entry, restored.refused);
      items.push({ entry, place: entry.place, ...restored });
      const characters = items.reduce((sum, { record }) => sum + record.value.length, 0);
      if (items.length >= AT_ONCE || characters >= CHARACTERS_AT_ONCE) await flush();
    });
    await flush();
  });
  const { back, skipped, refused } = counts;
  print(
    `${count(back)} ${dryRun ? 'would be put back' : 'put back'}, ${count(skipped)} already put back, ${count(refused)} refused`,
  );
  return refused;
}

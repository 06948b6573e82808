import { readFileSync } from 'node:fs';
import { SetupError } from '../infra/local/errors.ts';
import { DEAD_LETTER_TOPIC } from '../infra/topics.js';
import type { Config } from '../lib/config.ts';
import type { DeadLetter } from '../lib/dead-letters.ts';
import { readCommand, runScript, takesNothing, UsageError } from './lib/cli.ts';
import { type Entry, listDeadLetters, matches, placeName, readDeadLetters, restoreWhole } from './lib/dead-letters.ts';
import { held, putBack, type ReplayItem, textOf, toOutgoing } from './lib/replay.ts';
import { printable, printableLine } from './lib/screen.ts';
import { type Broker, scriptConfig, withBroker, withRecordLog } from './lib/services.ts';
import { count, table } from './lib/table.ts';

const NEWEST = 20;

const HELP = `npm run dlq -- COMMAND     the records that could not be read: topic ${DEAD_LETTER_TOPIC}

  list                 the newest ${NEWEST}: its number, where it stood (topic-partition@offset), when it was set aside, …
  show ID              one of them, whole: its value as text, or in hexadecimal when it is not UTF-8
  replay ID…           puts records back to the topic that they come from, once however often it is run
  replay --all         all that have not been put back; --topic and --reason choose instead of --all

  --topic TOPIC        only records of this topic
  --reason TEXT        only those with this in their reason
  --all                list: not only the newest
  --dry-run            replay: says what would be done
  --value FILE         replay of one: with this value, repaired, instead of its own
  --force              replay: also what the platform still can't read, and what an interrupted replay may have put back
  --json               list and show: JSON, one object a line
  --help

An ID is the first column of the list, PARTITION@OFFSET; of partition 0 the offset is enough. A tap gets an event_id
when it has none, so that it counts once though a replay is interrupted and run again. The broker is KAFKA_BROKERS, else
the one of the running "npm start", else localhost:9092.

Exit code 1 when something failed or was refused, 2 for wrong usage.`;

const FLAGS = {
  topic: { type: 'string' },
  reason: { type: 'string' },
  all: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  value: { type: 'string' },
  force: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;
type Flag = keyof typeof FLAGS;

/** Which options belong to which command. */
const OF: Record<'list' | 'show' | 'replay', readonly Flag[]> = {
  list: ['topic', 'reason', 'all', 'json'],
  show: ['json'],
  replay: ['topic', 'reason', 'all', 'dry-run', 'value', 'force'],
};

const iso = (ms: number) => new Date(ms).toISOString();
const entryJson = ({ partition: _partition, offset: _offset, at, replay, ...entry }: Entry) => ({
  ...entry,
  set_aside_at: iso(at),
  ...(replay?.state === 'done' ? { replayed_at: iso(replay.at) } : {}),
});
const stateOf = ({ replay }: Entry) =>
  replay === undefined ? '' : replay.state === 'done' ? 'put back' : 'replay interrupted';

function list(entries: readonly Entry[], all: boolean, json: boolean): void {
  const shown = all ? entries : entries.slice(-NEWEST);
  if (json) {
    for (const entry of shown) console.log(JSON.stringify(entryJson(entry)));
    return;
  }
  const rows = shown.map((entry) => [
    entry.id,
    printableLine(placeName(entry.place)),
    iso(entry.at),
    count(entry.size),
    stateOf(entry),
    printableLine(entry.reason),
  ]);
  console.log(table(['id', 'stood at', 'set aside', 'bytes', '', 'reason'], rows, [0, 1, 2, 4, 5]).join('\n'));
  const more = entries.length - shown.length;
  if (more > 0) console.log(`… ${count(more)} older: --all shows them`);
}

function show(entry: Entry, letter: DeadLetter, json: boolean): void {
  const bytes = Buffer.from(letter.value, 'base64');
  const text = textOf(bytes);
  const value = text === undefined ? { hex: bytes.toString('hex') } : { text };
  const key = letter.key === undefined ? {} : { key: Buffer.from(letter.key, 'base64').toString() };
  const found = { ...entryJson(entry), ...key, truncated: letter.truncated === true, size: bytes.length };
  if (json) {
    console.log(JSON.stringify({ ...found, ...value }));
    return;
  }
  const { place, truncated, ...rest } = found;
  const lines = Object.entries({
    ...rest,
    stood_at: placeName(place),
    ...(place.timestamp === undefined ? {} : { written_at: iso(place.timestamp) }),
    ...(truncated ? { truncated: 'yes: the topic does not keep the whole of it any more' } : {}),
  }).map(([name, what]) => `${`${name}:`.padEnd(15)}${printableLine(String(what))}`);
  console.log([...lines, '', text === undefined ? `hex ${value.hex}` : printable(text)].join('\n'));
}

/** So many are written at once; what is held in memory is bounded by it. */
const AT_ONCE = 100;
const CHARACTERS_AT_ONCE = 4_000_000;

interface ReplayOptions {
  dryRun: boolean;
  force: boolean;
  value: Buffer | undefined;
}

/** @returns how many were refused. */
async function replay(broker: Broker, config: Config, entries: readonly Entry[], options: ReplayOptions) {
  const { dryRun, force, value } = options;
  const counts = { back: 0, skipped: 0, refused: 0 };
  const say = (entry: Entry, what: string) =>
    console.log(`${entry.id}  ${printableLine(placeName(entry.place))}  ${printableLine(what)}`);
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
      if (!whole)
        return refuse(entry, `only a part of it was kept, and ${entry.place.topic} does not keep it any more`);
      const restored = toOutgoing(whole, { shortCodes: config.EMOJI_SHORT_CODES, force });
      if ('refused' in restored) return refuse(entry, restored.refused);
      items.push({ entry, place: entry.place, ...restored });
      const characters = items.reduce((sum, { record }) => sum + record.value.length, 0);
      if (items.length >= AT_ONCE || characters >= CHARACTERS_AT_ONCE) await flush();
    });
    await flush();
  });
  const { back, skipped, refused } = counts;
  console.log(
    `${count(back)} ${dryRun ? 'would be put back' : 'put back'}, ${count(skipped)} were before, ${count(refused)} refused`,
  );
  return refused;
}

function idOf(text: string): string {
  if (/^\d{1,15}$/.test(text)) return `0@${Number(text)}`;
  if (/^\d{1,9}@\d{1,15}$/.test(text)) return text;
  throw new UsageError(`ID should be PARTITION@OFFSET or an offset, as in the list, not "${text}".`);
}

function find(entries: readonly Entry[], ids: readonly string[]): Entry[] {
  return ids.map((id) => {
    const found = entries.find((entry) => entry.id === id);
    if (!found) throw new SetupError(`There is no dead letter ${id}: "npm run dlq -- list --all" shows what there is.`);
    return found;
  });
}

function readValue(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`--value should be a file that can be read (${(error as Error).message}).`, { cause: error });
  }
}

async function main(): Promise<number> {
  const given = readCommand(HELP, ['list', 'show', 'replay'], FLAGS);
  if (!given) return 0;
  const { command, rest, values } = given;
  const { topic, reason, all = false, json = false, force = false, 'dry-run': dryRun = false } = values;
  const foreign = (Object.keys(FLAGS) as Flag[]).find(
    (flag) => values[flag] !== undefined && !OF[command].includes(flag),
  );
  if (foreign) throw new UsageError(`${command} takes no --${foreign}.`);
  const ids = command === 'list' ? [] : rest.map(idOf);
  const filtered = topic !== undefined || reason !== undefined;
  if (command === 'list') takesNothing(command, rest);
  if (command === 'show' && ids.length !== 1) throw new UsageError('The ID of one dead letter should follow show.');
  if (command === 'replay' && [ids.length > 0, filtered, all].filter(Boolean).length !== 1)
    throw new UsageError('replay should be given either IDs, or --topic and --reason, or --all.');
  if (values.value !== undefined && ids.length !== 1) throw new UsageError('--value should come with exactly one ID.');
  const value = values.value === undefined ? undefined : readValue(values.value);

  const config = scriptConfig();
  return withBroker(config, async (broker) => {
    const entries = await listDeadLetters(broker);
    const chosen = ids.length > 0 ? find(entries, ids) : entries.filter(matches({ topic, reason }));
    switch (command) {
      case 'list':
        list(chosen, all, json);
        return 0;
      case 'show':
        await readDeadLetters(broker, chosen, async (entry, letter) =>
          show(entry, (await restoreWhole(broker, letter)) ?? letter, json),
        );
        return 0;
      case 'replay':
        return (await replay(broker, config, chosen, { dryRun, force, value })) > 0 ? 1 : 0;
    }
  });
}

await runScript('dlq', main);

import { readFileSync } from 'node:fs';
import { SetupError } from '../infra/local/errors.ts';
import { DEAD_LETTER_TOPIC } from '../lib/config/topics.ts';
import { type Io, readCommand, runScript, takesNothing, UsageError } from './lib/cli.ts';
import { type Entry, listDeadLetters, matches, readDeadLetters, restoreWhole } from './lib/dead-letters.ts';
import { NEWEST, printLetter, printList } from './lib/dlq-output.ts';
import { runReplay } from './lib/run-replay.ts';
import { DATA_DIR_OPTION, scriptConfig, withBroker } from './lib/services.ts';

const HELP = `npm run dlq -- COMMAND     shows and replays records that could not be read (topic ${DEAD_LETTER_TOPIC})

  list                 the newest ${NEWEST}: id, original position (topic-partition@offset), time, size, reason
  show ID              one record in full: its value as text, or in hexadecimal when it is not UTF-8
  replay ID…           puts records back into their topics; a repeated replay does not put them back twice
  replay --all         puts back all records that have not been put back; or choose by --topic and --reason

  --topic TOPIC        only records of this topic
  --reason TEXT        only records whose reason contains this text
  --all                list: all records, not only the newest
  --dry-run            replay: prints what would be done
  --value FILE         replay of one record: uses the content of this file as its value
  --force              replay: also records that still can't be read, or that an interrupted replay may have put back
  --json               list and show: prints JSON, one object per line
  --data-dir PATH      uses the "npm start" with this data folder
  --help

An ID is the first column of the list, PARTITION@OFFSET, or just the offset for partition 0. A replayed tap without an
event_id gets one, so that it counts once even if the replay is interrupted and run again.
Broker: that of --data-dir, else KAFKA_BROKERS, else that of the running "npm start" of this clone (of several, the one with
the default data folder), else localhost:9092.

Exit code 1 when a replay failed or was rejected, 2 for wrong usage.`;

const FLAGS = {
  topic: { type: 'string' },
  reason: { type: 'string' },
  all: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  value: { type: 'string' },
  force: { type: 'boolean' },
  json: { type: 'boolean' },
  ...DATA_DIR_OPTION,
} as const;
type Flag = keyof typeof FLAGS;

/** Which options belong to which command. */
const OF: Record<'list' | 'show' | 'replay', readonly Flag[]> = {
  list: ['topic', 'reason', 'all', 'json', 'data-dir'],
  show: ['json', 'data-dir'],
  replay: ['topic', 'reason', 'all', 'dry-run', 'value', 'force', 'data-dir'],
};

function idOf(text: string): string {
  if (/^\d{1,15}$/.test(text)) return `0@${Number(text)}`;
  if (/^\d{1,9}@\d{1,15}$/.test(text)) return text;
  throw new UsageError(`ID should be PARTITION@OFFSET or an offset, as in the list, not "${text}".`);
}

function find(entries: readonly Entry[], ids: readonly string[]): Entry[] {
  return ids.map((id) => {
    const found = entries.find((entry) => entry.id === id);
    if (!found) throw new SetupError(`There is no dead letter ${id}: "npm run dlq -- list --all" lists them all.`);
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

export async function main(args: string[], io: Io): Promise<number> {
  const given = readCommand({ args, print: io.print }, HELP, ['list', 'show', 'replay'], FLAGS);
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
  if (command === 'show' && ids.length !== 1) throw new UsageError('show needs the ID of one dead letter.');
  if (command === 'replay' && [ids.length > 0, filtered, all].filter(Boolean).length !== 1)
    throw new UsageError('replay needs either IDs, or --topic and --reason, or --all.');
  if (values.value !== undefined && ids.length !== 1) throw new UsageError('--value needs exactly one ID.');
  const value = values.value === undefined ? undefined : readValue(values.value);

  const config = scriptConfig(io.env, values['data-dir']);
  return withBroker(config, async (broker) => {
    const entries = await listDeadLetters(broker);
    const chosen = ids.length > 0 ? find(entries, ids) : entries.filter(matches({ topic, reason }));
    switch (command) {
      case 'list':
        printList(io.print, chosen, all, json);
        return 0;
      case 'show':
        await readDeadLetters(broker, chosen, async (entry, letter) =>
          printLetter(io.print, entry, (await restoreWhole(broker, letter)) ?? letter, json),
        );
        return 0;
      case 'replay':
        return (await runReplay(broker, config, chosen, { dryRun, force, value, print: io.print })) > 0 ? 1 : 0;
    }
  });
}

await runScript(import.meta, 'dlq', main);

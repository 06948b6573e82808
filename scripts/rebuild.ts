import { type Io, readArgs, runScript } from './lib/cli.ts';
import { DATA_DIR_OPTION, scriptConfig } from './lib/services.ts';
import { count } from './lib/table.ts';

const HELP = `npm run rebuild [-- options]     counts again what Redis has lost

  --all             forgets all counts first: every room is counted again from what emoji_topic holds (24 h)
  --data-dir PATH   the "npm start" with this data folder
  --help

Taps that were counted and are not in Redis any more, after a failover or a FLUSHALL, are read again from emoji_topic and
counted, each once. The functions do the same by themselves, with the next tap or within a minute: this is for when you
don't want to wait, or don't trust what Redis holds. It does no harm while the platform runs, and may be stopped and
started again. Exit code 1 when the topic does not hold all of them any more.

The broker and the Redis are those of --data-dir, else KAFKA_BROKERS and REDIS_URL, else those of the running "npm start"
of this clone (of several: the one with the default data folder).`;

export async function main(args: string[], io: Io): Promise<number> {
  const { values } = readArgs({
    args,
    options: { all: { type: 'boolean' }, ...DATA_DIR_OPTION, help: { type: 'boolean' } },
  });
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const { KAFKA_BROKERS, REDIS_URL } = scriptConfig(io.env, values['data-dir']);
  Object.assign(process.env, { KAFKA_BROKERS: KAFKA_BROKERS.join(','), REDIS_URL });
  // What puts the functions together, with these in place.
  const { deps } = await import('../lib/deps.ts');
  try {
    const counter = deps.counter('rebuild');
    if (values.all) await counter.discardAll();
    const { recounted, lost } = await counter.recountLost();
    if (lost > 0) {
      io.printError(
        `${count(lost)} records can't be counted again: emoji_topic no longer has them. ${count(recounted)} were counted again.`,
      );
      return 1;
    }
    io.print(
      recounted === 0
        ? 'Nothing is missing: every tap that was read is counted.'
        : `${count(recounted)} records were counted again.`,
    );
    return 0;
  } finally {
    await deps.close();
  }
}

await runScript(import.meta, 'rebuild', main);

import { type Io, readArgs, runScript } from './lib/cli.ts';
import { DATA_DIR_OPTION, scriptConfig } from './lib/services.ts';
import { count } from './lib/table.ts';

const HELP = `npm run rebuild [-- options]     counts the taps again whose counts Redis has lost

  --all             deletes all counts first: all taps that emoji_topic still has (24 h) are counted again
  --data-dir PATH   uses the "npm start" with this data folder
  --help

Counts that Redis has lost (a failover, a FLUSHALL) are counted again from emoji_topic, each tap once. The functions do the
same by themselves, with the next tap or within a minute; use this command to do it at once, or with --all when the counts
in Redis may be wrong. It is safe while the platform runs, and can be interrupted and run again.
Exit code 1 when the topic no longer has all of these taps.

Broker and Redis: those of --data-dir, else KAFKA_BROKERS and REDIS_URL, else those of the running "npm start" of this clone
(of several, the one with the default data folder).`;

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
  // Imported here: it reads the environment that was set above.
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

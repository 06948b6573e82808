import { type Io, readArgs, runScript } from './lib/cli.ts';
import { scriptConfig } from './lib/services.ts';
import { count } from './lib/table.ts';

const HELP = `npm run rebuild [-- options]     counts again what Redis has lost

  --all     forgets all counts first: every room is counted again from what emoji_topic holds (24 h)
  --help

Taps that were counted and are not in Redis any more, after a failover or a FLUSHALL, are read again from emoji_topic and
counted, each once. The functions do the same by themselves, with the next tap or within a minute: this is for when you
don't want to wait, or don't trust what Redis holds. It does no harm while the platform runs, and may be stopped and
started again. The broker and the Redis are KAFKA_BROKERS and REDIS_URL, else those of the running "npm start".`;

export async function main(args: string[], io: Io): Promise<number> {
  const { values } = readArgs({ args, options: { all: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const { KAFKA_BROKERS, REDIS_URL } = scriptConfig(io.env);
  Object.assign(process.env, { KAFKA_BROKERS: KAFKA_BROKERS.join(','), REDIS_URL });
  // What puts the functions together, with these in place.
  const { deps } = await import('../lib/deps.ts');
  try {
    if (values.all) await (await deps.windows.open()).discard();
    const missing = await deps.counter('rebuild').recountLost();
    io.print(
      missing === 0
        ? 'Nothing is missing: every tap that was read is counted.'
        : `${count(missing)} records were counted again.`,
    );
    return 0;
  } finally {
    await deps.close();
  }
}

await runScript(import.meta, 'rebuild', main);

#!/usr/bin/env node
import { describeError, KafkaEventsError } from '../errors.ts';
import type { Log } from '../log.ts';
import { runCli } from './run.ts';

const log: Log = {
  notice: (line) => void process.stdout.write(`${line}\n`),
  warning: (line) => void process.stderr.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
  debug: (line) => {
    if (process.env['DEBUG']) process.stderr.write(`${line}\n`);
  },
};

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
}

try {
  process.exitCode = await runCli(process.argv.slice(2), { env: process.env, log, stop: stop.signal });
} catch (error) {
  if (!(error instanceof KafkaEventsError)) throw error;
  log.error(describeError(error));
  process.exitCode = 2;
}

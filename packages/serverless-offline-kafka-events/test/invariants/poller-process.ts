/**
 * Runs a mapping in a process that tests can kill. Arguments: brokers, topic, group. Prints `ready`, and per record
 * `begin <partition> <offset>` before it is processed and `end <partition> <offset>` when it has succeeded. Lines are
 * written synchronously, so that none is lost when the process is killed.
 */
import { writeSync } from 'node:fs';
import { recordsOf, startMapping } from '../mapping-rig.ts';
import type { Handler } from '../mapping-rig.ts';

const [, , brokers = '', topic = '', groupId = ''] = process.argv;
const print = (verb: string, event: Parameters<Handler>[0]): void => {
  const lines = recordsOf(event).map(({ partition, offset }) => `${verb} ${partition} ${offset}\n`);
  writeSync(1, lines.join(''));
};

const handler: Handler = async (event) => {
  print('begin', event);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  if (Math.random() < 0.05) throw new Error('now and then');
  print('end', event);
};

const properties = { Topics: [topic] as [string], BatchSize: 50, MaximumBatchingWindowInSeconds: 0 };
await startMapping(properties, handler, { brokers: brokers.split(','), groupId, keepEvents: false });
writeSync(1, 'ready\n');

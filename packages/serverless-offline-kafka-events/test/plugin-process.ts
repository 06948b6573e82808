/**
 * Runs the hooks of the plugin as serverless-offline does. Arguments: folder of the service, its functions as JSON, and
 * its `custom` as JSON. Prints the log lines of the plugin; reads the commands `reload` and `stop` from standard input.
 */
import { createInterface } from 'node:readline';
import type { FunctionDefinition } from '../src/serverless.ts';
import KafkaEventsPlugin from '../src/plugin/plugin.ts';
import { service } from './service.ts';

const [, , dir = '', functions = '{}', custom = '{}'] = process.argv;
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const log = { notice: print, warning: print, error: print, debug: () => undefined };
const serverless = {
  config: { servicePath: dir },
  serviceDir: dir,
  service: service(JSON.parse(functions) as Record<string, Partial<FunctionDefinition>>, {
    provider: { runtime: 'nodejs20.x', environment: {}, region: 'eu-west-1' } as never,
    custom: JSON.parse(custom) as Record<string, unknown>,
  }),
};
const { hooks } = new KafkaEventsPlugin(serverless, {}, { log });
await hooks['after:offline:start:init']();
print('started');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'reload') {
    await hooks['offline:functionsUpdated:cleanup']();
    print('reloaded');
  }
  if (line === 'stop') {
    await hooks['before:offline:start:end']();
    process.exit(0);
  }
}

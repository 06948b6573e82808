import { parseArgs } from 'node:util';
import { SetupError } from '../../infra/local/errors.ts';

const text = { type: 'string' } as const;

/** Options of `npm start`, which `npm run demo` passes on. */
export const START_OPTIONS = {
  'page-port': text,
  'http-port': text,
  'lambda-port': text,
  'websocket-port': text,
  'kafka-port': text,
  'redis-port': text,
  'data-dir': text,
  verbose: { type: 'boolean' },
} as const;

export const START_OPTIONS_HELP = `  --page-port N       port of the page (8080, or the next free one; 0 = any free port)
  --http-port N       port of the HTTP API (5013; 0 = any free port)
  --lambda-port N     port of the Lambda endpoint, which invokes functions (3002; 0 = any free port)
  --websocket-port N  port of the WebSockets of viewers (3001; 0 = any free port)
  --kafka-port N      port of the broker (9092, or the next free one; 0 = any free port)
  --redis-port N      port of Redis (6379, or the next free one; 0 = any free port)
  --data-dir PATH     data folder (.local): a new or empty folder, or one that an earlier "npm start" has used
  --verbose           prints all output of the framework and the Kafka triggers, not only warnings and errors`;

/** @throws SetupError for unknown options or arguments */
export function readStartOptions() {
  try {
    return parseArgs({ options: { ...START_OPTIONS, help: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new SetupError(`${(error as Error).message} See: npm start -- --help`);
  }
}

/** @throws SetupError unless the value is a port number, or undefined */
export function portNumber(name: keyof typeof START_OPTIONS, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number < 65_536) return number;
  throw new SetupError(`--${name} should be a port number (0–65535), not "${value}".`);
}

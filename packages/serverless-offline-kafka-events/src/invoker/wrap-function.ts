import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KafkaEventsError } from '../errors.ts';
import type { FunctionDefinition, Serverless } from '../serverless.ts';
import type { Target } from './function-runtime.js';

const RUNTIME = fileURLToPath(new URL('function-runtime', import.meta.url));
const LOADER = 'handler-runner/in-process-runner/aws-lambda-ric/UserFunction.js';

export interface OfflinePaths {
  /** Path of the module `serverless-offline/lambda`. */
  readonly lambda: string;
  /** Path of serverless-offline's module that loads handlers. */
  readonly loader: string;
}

const serviceDirOf = ({ serviceDir, config }: Serverless): string => serviceDir ?? config.servicePath ?? process.cwd();

/**
 * Finds the serverless-offline of the service, which may be another one than this package would import.
 * @throws KafkaEventsError PEER_MISSING
 */
export const offlinePaths = (serverless: Serverless): OfflinePaths => {
  let lambda: string;
  try {
    lambda = createRequire(join(serviceDirOf(serverless), 'package.json')).resolve('serverless-offline/lambda');
  } catch (cause) {
    throw new KafkaEventsError('PEER_MISSING', 'serverless-offline 13 or newer must be installed in the service', {
      cause,
    });
  }
  const loader = join(dirname(lambda), LOADER);
  if (existsSync(loader)) return { lambda, loader };
  // Without the loader, a handler that throws a string would count as successful, and its records would be lost.
  throw new KafkaEventsError(
    'PEER_MISSING',
    `this serverless-offline has no ${LOADER}: install serverless-offline 13 or 14`,
  );
};

/** Whether `function-runtime` can call a function: it supports Node.js, but not containers or other languages. */
const isWrappable = (
  { runtime, package: own }: FunctionDefinition,
  { service }: Serverless,
  options: OfflineOptions,
): boolean => {
  if (options['useDocker']) return false;
  // The folder to which serverless-offline unpacks an artifact is known only in worker threads.
  if (options['useInProcess'] && (own?.artifact ?? service.package?.artifact)) return false;
  return (runtime ?? service.provider.runtime ?? 'nodejs').startsWith('nodejs');
};

export type OfflineOptions = Record<string, unknown>;

/** The options in `custom.serverless-offline`; the command line takes precedence. */
export const offlineOptions = ({ service }: Serverless, cliOptions: OfflineOptions): OfflineOptions => ({
  ...(service.custom?.['serverless-offline'] as OfflineOptions | undefined),
  ...cliOptions,
});

/**
 * Returns the function with `function-runtime` as its handler, which calls the original one. serverless-offline appends
 * a handler's name to the code folder, so the name goes up to the root folder and then down to `function-runtime`.
 */
export const wrapFunction = (
  definition: FunctionDefinition,
  serverless: Serverless,
  options: OfflineOptions,
  { loader }: OfflinePaths,
  generation = 0,
): FunctionDefinition => {
  const { handler } = definition;
  if (handler === undefined || !isWrappable(definition, serverless, options)) return definition;
  const codeDir = resolve(serverless.config.servicePath ?? serviceDirOf(serverless), String(options['location'] ?? ''));
  const target: Target = { handler, loader, codeDir, generation };
  const encoded = Buffer.from(JSON.stringify(target)).toString('base64url');
  const toRoot = '../'.repeat(codeDir.split(/[/\\]/).length + 64);
  const runtime = RUNTIME.slice(parse(RUNTIME).root.length).replaceAll('\\', '/');
  return { ...definition, handler: `${toRoot}${runtime}.functions.${encoded}` };
};

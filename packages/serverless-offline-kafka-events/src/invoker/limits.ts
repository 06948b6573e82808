import type { Serverless } from '../serverless.ts';
import { offlineOptions } from './wrap-function.ts';
import type { OfflineOptions } from './wrap-function.ts';

/** What Lambda does and serverless-offline leaves no way to do, a line each, for this configuration. */
export const offlineLimits = (
  serverless: Serverless,
  cliOptions: OfflineOptions,
  functionKeys: ReadonlySet<string>,
  invoke: 'in-process' | 'sdk',
): string[] => {
  const { service } = serverless;
  const options = offlineOptions(serverless, cliOptions);
  const lines: string[] = [];
  if (options['useInProcess']) {
    lines.push(
      'useInProcess: an unhandled rejection, an uncaught exception or process.exit of a function ends serverless-offline; ' +
        'its records are delivered again after a restart',
    );
  } else if (invoke === 'sdk') {
    lines.push('invoke: sdk: a function that crashed keeps its state, since serverless-offline does not start it anew');
  }
  for (const key of functionKeys) {
    const { runtime, package: own } = service.getFunction(key);
    const language = runtime ?? service.provider.runtime ?? 'nodejs';
    if (options['useDocker'] || !language.startsWith('nodejs')) {
      lines.push(
        `function ${key}: ${options['useDocker'] ? 'useDocker' : language}: what is a failure is decided by serverless-offline`,
      );
    } else if (options['useInProcess'] && (own?.artifact ?? service.package?.artifact)) {
      lines.push(`function ${key}: an artifact with useInProcess: what is a failure is decided by serverless-offline`);
    }
  }
  return lines;
};

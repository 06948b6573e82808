import type { Serverless } from '../serverless.ts';
import { offlineOptions } from './wrap-function.ts';
import type { OfflineOptions } from './wrap-function.ts';

const DECIDED_BY_OFFLINE = 'serverless-offline decides which results are failures, which may differ from Lambda';

/** One line for each behaviour of Lambda that cannot be emulated in serverless-offline with this configuration. */
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
      'useInProcess: an unhandled rejection, an uncaught exception or process.exit in a function terminates ' +
        'serverless-offline; its records are delivered again after a restart',
    );
  } else if (invoke === 'sdk') {
    lines.push('invoke: sdk: a function keeps its state after a crash, since serverless-offline does not restart it');
  }
  for (const key of functionKeys) {
    const { runtime, package: own } = service.getFunction(key);
    const language = runtime ?? service.provider.runtime ?? 'nodejs';
    if (options['useDocker'] || !language.startsWith('nodejs')) {
      lines.push(`function ${key}: with ${options['useDocker'] ? 'useDocker' : language}, ${DECIDED_BY_OFFLINE}`);
    } else if (options['useInProcess'] && (own?.artifact ?? service.package?.artifact)) {
      lines.push(`function ${key}: with an artifact and useInProcess, ${DECIDED_BY_OFFLINE}`);
    }
  }
  return lines;
};

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeError, KafkaEventsError } from '../errors.ts';
import type { FunctionDefinition, Serverless } from '../plugin/serverless.ts';
import type { Invoker } from './port.ts';

/** What `serverless-offline/lambda` exports, as far as it is used. */
interface OfflineLambda {
  create(lambdas: readonly { functionKey: string; functionDefinition: FunctionDefinition }[]): void;
  get(functionKey: string): { setEvent(event: unknown): void; runHandler(): Promise<unknown> };
  cleanup(): Promise<void>;
}
type OfflineLambdaClass = new (serverless: Serverless, options: Record<string, unknown>) => OfflineLambda;

/** serverless-offline's defaults that its lambda pool reads; `custom.serverless-offline` and the command line win. */
const OFFLINE_DEFAULTS = { host: 'localhost', lambdaPort: 3002, terminateIdleLambdaTime: 60, localLayers: {} };

/** One pool of functions for all mappings, run by serverless-offline itself, without HTTP in between. */
export const inProcessInvokers = async (
  serverless: Serverless,
  cliOptions: Record<string, unknown>,
): Promise<{ invokerFor: (functionKey: string) => Invoker; close: () => Promise<void> }> => {
  const Lambda = await loadLambda(serverless.serviceDir ?? serverless.config.servicePath ?? process.cwd());
  const custom = (serverless.service.custom?.['serverless-offline'] ?? {}) as Record<string, unknown>;
  const lambda = new Lambda(serverless, { ...OFFLINE_DEFAULTS, ...custom, ...cliOptions });
  lambda.create(
    serverless.service
      .getAllFunctions()
      .map((functionKey) => ({ functionKey, functionDefinition: serverless.service.getFunction(functionKey) })),
  );
  const invokerFor = (functionKey: string): Invoker => ({
    invoke: async (event) => {
      try {
        // One tick from get to runHandler: in between, another invocation could take the same idle function.
        const handler = lambda.get(functionKey);
        handler.setEvent(event);
        return { outcome: 'success', response: await handler.runHandler() };
      } catch (error) {
        return { outcome: 'function-error', message: describeError(error) };
      }
    },
    close: () => Promise.resolve(),
  });
  return { invokerFor, close: () => lambda.cleanup() };
};

/** The user's serverless-offline, not one that came along with this package. */
const loadLambda = async (serviceDir: string): Promise<OfflineLambdaClass> => {
  try {
    const path = createRequire(join(serviceDir, 'package.json')).resolve('serverless-offline/lambda');
    const module = (await import(pathToFileURL(path).href)) as { default: OfflineLambdaClass };
    return module.default;
  } catch (cause) {
    throw new KafkaEventsError('PEER_MISSING', 'serverless-offline 13 or newer must be installed in the service', {
      cause,
    });
  }
};

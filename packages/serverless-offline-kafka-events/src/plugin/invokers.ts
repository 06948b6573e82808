import type { Options } from '../config/options.ts';
import { inProcessInvokers } from '../invoker/in-process.ts';
import type { Invoker } from '../invoker/port.ts';
import { sdkInvoker } from '../invoker/sdk.ts';
import type { Serverless } from '../serverless.ts';

export interface Invokers {
  invokerFor(functionKey: string): Promise<Invoker>;
  /** The functions' code has changed. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** How this service's functions are called: within serverless-offline, or through its Lambda endpoint. */
export const serviceInvokers = async (
  serverless: Serverless,
  cliOptions: Record<string, unknown>,
  { invoke }: Pick<Options, 'invoke'>,
): Promise<Invokers> => {
  if (invoke === 'sdk') return endpointInvokers(serverless, cliOptions);
  const invokers = await inProcessInvokers(serverless, cliOptions);
  return { ...invokers, invokerFor: (functionKey) => Promise.resolve(invokers.invokerFor(functionKey)) };
};

const endpointInvokers = ({ service }: Serverless, cliOptions: Record<string, unknown>): Invokers => {
  const custom = (service.custom?.['serverless-offline'] ?? {}) as Record<string, unknown>;
  const port = cliOptions['lambdaPort'] ?? custom['lambdaPort'] ?? 3002;
  const opened: Invoker[] = [];
  return {
    invokerFor: async (functionKey) => {
      const { name, timeout = service.provider.timeout ?? 6 } = service.getFunction(functionKey);
      const invoker = await sdkInvoker({
        functionName: name,
        endpoint: `http://localhost:${String(port)}`,
        region: service.provider.region ?? 'us-east-1',
        requestTimeoutMs: timeout * 1000 + 5_000,
      });
      opened.push(invoker);
      return invoker;
    },
    // serverless-offline reloads behind its endpoint.
    reload: () => Promise.resolve(),
    close: async () => {
      await Promise.all(opened.map((invoker) => invoker.close()));
    },
  };
};

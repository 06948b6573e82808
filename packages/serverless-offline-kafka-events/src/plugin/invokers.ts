import type { Options } from '../config/options.ts';
import { inProcessInvokers } from '../invoker/in-process.ts';
import type { Invoker } from '../invoker/port.ts';
import { sdkInvoker } from '../invoker/sdk.ts';
import { offlineOptions, offlinePaths, wrapFunction } from '../invoker/wrap-function.ts';
import type { Serverless } from '../serverless.ts';

export interface Invokers {
  invokerFor(functionKey: string): Promise<Invoker>;
  /** To be called when the functions' code has changed. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** Invokes the functions of a service: through the classes of serverless-offline, or through its Lambda endpoint. */
export const serviceInvokers = async (
  serverless: Serverless,
  cliOptions: Record<string, unknown>,
  { invoke }: Pick<Options, 'invoke'>,
): Promise<Invokers> => {
  if (invoke === 'sdk') return endpointInvokers(serverless, cliOptions);
  const invokers = await inProcessInvokers(serverless, cliOptions);
  return { ...invokers, invokerFor: (functionKey) => Promise.resolve(invokers.invokerFor(functionKey)) };
};

/**
 * With `invoke: sdk`, the Lambda endpoint of serverless-offline runs the functions. While serverless-offline starts,
 * `getFunction` returns wrapped functions, so that a handler that throws a string does not count as successful.
 * @returns a function that restores `getFunction`
 */
export const wrapForEndpoint = (
  serverless: Serverless,
  cliOptions: Record<string, unknown>,
  functionKeys: ReadonlySet<string>,
): (() => void) => {
  const { service } = serverless;
  const paths = offlinePaths(serverless);
  const options = offlineOptions(serverless, cliOptions);
  const { getFunction } = service;
  service.getFunction = (key) => {
    const definition = getFunction.call(service, key);
    return functionKeys.has(key) ? wrapFunction(definition, serverless, options, paths) : definition;
  };
  return () => {
    service.getFunction = getFunction;
  };
};

const endpointInvokers = (serverless: Serverless, cliOptions: Record<string, unknown>): Invokers => {
  const { service } = serverless;
  const port = offlineOptions(serverless, cliOptions)['lambdaPort'] ?? 3002;
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
    // The Lambda endpoint reloads functions itself.
    reload: () => Promise.resolve(),
    close: async () => {
      await Promise.all(opened.map((invoker) => invoker.close()));
    },
  };
};

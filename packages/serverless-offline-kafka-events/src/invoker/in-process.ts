import { pathToFileURL } from 'node:url';
import { describeError } from '../errors.ts';
import type { FunctionDefinition, Serverless } from '../serverless.ts';
import { isCrash } from './function-errors.js';
import type { Invoker, InvokeResult } from './port.ts';
import { toResult } from './result.ts';
import { offlineOptions, offlinePaths, wrapFunction } from './wrap-function.ts';
import type { OfflineOptions } from './wrap-function.ts';

/** The part of the class in `serverless-offline/lambda` that is used here. */
interface OfflineLambda {
  create(lambdas: readonly { functionKey: string; functionDefinition: FunctionDefinition }[]): void;
  get(functionKey: string): { setEvent(event: unknown): void; runHandler(): Promise<unknown> };
  cleanup(): Promise<void>;
}
type OfflineLambdaClass = new (serverless: Serverless, options: Record<string, unknown>) => OfflineLambda;

/** Defaults of serverless-offline's options; `custom.serverless-offline` and the command line take precedence. */
const OFFLINE_DEFAULTS = { host: 'localhost', lambdaPort: 3002, terminateIdleLambdaTime: 60, localLayers: {} };

export interface InProcessInvokers {
  invokerFor(functionKey: string): Invoker;
  /** To be called when functions were rebuilt: later invocations run the new code, those in flight the old code. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

interface Pool {
  readonly lambda: OfflineLambda;
  readonly busy: Set<Promise<InvokeResult>>;
}

/**
 * Invokes functions through the classes of serverless-offline, without HTTP. All mappings share one pool of functions.
 * serverless-offline also enforces the functions' timeouts, unless `--noTimeout` is given.
 */
export const inProcessInvokers = async (
  serverless: Serverless,
  cliOptions: Record<string, unknown>,
): Promise<InProcessInvokers> => {
  const paths = offlinePaths(serverless);
  const { default: Lambda } = (await import(pathToFileURL(paths.lambda).href)) as { default: OfflineLambdaClass };
  const { service } = serverless;
  const options: OfflineOptions = { ...OFFLINE_DEFAULTS, ...offlineOptions(serverless, cliOptions) };
  let generation = 0;
  const open = (): Pool => {
    const lambda = new Lambda(serverless, options);
    generation += 1;
    lambda.create(
      service.getAllFunctions().map((functionKey) => ({
        functionKey,
        functionDefinition: wrapFunction(service.getFunction(functionKey), serverless, options, paths, generation),
      })),
    );
    return { lambda, busy: new Set() };
  };
  let current = open();
  /** Opens a new pool. Invocations in flight finish in the pool in which they started. */
  const replace = (pool: Pool): void => {
    if (pool === current) current = open();
  };
  const invokerFor = (functionKey: string): Invoker => ({
    invoke: async (event) => {
      // With --reloadHandler, serverless-offline creates a function per invocation, and removes the old ones later.
      const pool = options['reloadHandler'] ? open() : current;
      const run = runIn(pool.lambda, functionKey, event, () => replace(pool));
      pool.busy.add(run);
      const result = await run;
      pool.busy.delete(run);
      if (pool !== current && pool.busy.size === 0) await pool.lambda.cleanup();
      return result;
    },
    close: () => Promise.resolve(),
  });
  const reload = async (): Promise<void> => {
    const old = current;
    current = open();
    if (old.busy.size === 0) await old.lambda.cleanup();
  };
  return { invokerFor, reload, close: () => current.lambda.cleanup() };
};

/** @param crashed is called when Lambda would start the function in a new process */
const runIn = async (
  lambda: OfflineLambda,
  functionKey: string,
  event: unknown,
  crashed: () => void,
): Promise<InvokeResult> => {
  let response: unknown;
  try {
    // No await between get and runHandler: another invocation could take the same idle function meanwhile.
    const handler = lambda.get(functionKey);
    handler.setEvent(event);
    response = await handler.runHandler();
  } catch (error) {
    if (isCrash(error)) crashed();
    return { outcome: 'function-error', message: describeError(error) };
  }
  return toResult(response);
};

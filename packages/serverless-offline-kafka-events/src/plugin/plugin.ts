import type { MappingDefinition } from '../config/definition.ts';
import { parseOptions } from '../config/options.ts';
import type { Options } from '../config/options.ts';
import { securityOf } from '../config/security.ts';
import { readMappings } from '../config/service.ts';
import { offlineLimits } from '../invoker/limits.ts';
import { prefixed } from '../log.ts';
import type { Log } from '../log.ts';
import { runMappings } from '../runner/run-mappings.ts';
import type { RunningMappings } from '../runner/running-mappings.ts';
import type { Serverless, ServerlessUtils } from '../serverless.ts';
import { serviceInvokers, wrapForEndpoint } from './invokers.ts';
import type { Invokers } from './invokers.ts';
import { splitOfflineCommand } from './offline-command.ts';

/** Delay before the process exits, which lets the framework print the error. */
const EXIT_AFTER_MS = 500;

/**
 * The serverless-offline plugin. It starts the mappings when the HTTP server is up, and drains them in
 * `before:offline:start:end`, the last hook that serverless-offline runs before it exits (after SIGINT or SIGTERM).
 */
export default class KafkaEventsPlugin {
  readonly hooks = {
    'before:offline:start': () => this.#splitCommand(),
    'before:offline:start:init': () => this.prepare(),
    'after:offline:start:init': () => this.start(),
    'offline:functionsUpdated:cleanup': () => this.#invokers?.reload(),
    'before:offline:start:end': () => this.stop(),
  };
  readonly #serverless: Serverless;
  readonly #cliOptions: Record<string, unknown>;
  readonly #log: Log;
  #invokers: Invokers | undefined;
  #running: Promise<RunningMappings> | undefined;
  #configuration: { readonly options: Options; readonly definitions: readonly MappingDefinition[] } | undefined;
  #unwrapFunctions = (): void => undefined;

  constructor(serverless: Serverless, cliOptions: Record<string, unknown>, { log }: ServerlessUtils) {
    this.#serverless = serverless;
    this.#cliOptions = cliOptions;
    this.#log = prefixed(log);
  }

  #splitCommand(): void {
    const around = { before: () => this.prepare(), started: () => this.start(), ending: () => this.stop() };
    if (!splitOfflineCommand(this.#serverless, around)) {
      this.#log.warning('`serverless offline` does not poll Kafka with these versions: run `serverless offline start`');
    }
  }

  /** Reads the configuration before serverless-offline starts, and ends the process if it is invalid. */
  prepare(): Promise<void> {
    return exitOnError(() => {
      const { service } = this.#serverless;
      const options = parseOptions(service.custom?.['kafkaEvents'], process.env);
      const definitions = readMappings(service, options, (line) => this.#log.warning(line));
      for (const definition of definitions) securityOf(definition, options);
      this.#configuration = { options, definitions };
      const polled = new Set(definitions.filter(({ enabled }) => enabled).map(({ functionKey }) => functionKey));
      if (polled.size === 0) return;
      for (const line of offlineLimits(this.#serverless, this.#cliOptions, polled, options.invoke)) {
        this.#log.notice(line);
      }
      if (options.invoke === 'sdk') {
        this.#unwrapFunctions = wrapForEndpoint(this.#serverless, this.#cliOptions, polled);
      }
    });
  }

  /** Starts the mappings in the background. Configuration errors end the process; other errors are retried. */
  async start(): Promise<void> {
    if (this.#configuration === undefined) await this.prepare();
    this.#unwrapFunctions();
    await exitOnError(() => this.#start());
  }

  async #start(): Promise<void> {
    const { service, serviceDir, config } = this.#serverless;
    const { options, definitions } = this.#configuration ?? { options: undefined, definitions: [] };
    if (options === undefined || definitions.length === 0) return;
    const invokers = await serviceInvokers(this.#serverless, this.#cliOptions, options);
    this.#invokers = invokers;
    this.#running = runMappings({
      service,
      serviceDir: serviceDir ?? config.servicePath ?? '.',
      options,
      definitions,
      invokerFor: (functionKey) => invokers.invokerFor(functionKey),
      log: this.#log,
    });
    await this.#running;
  }

  /** Starts no new batches, waits for invocations in flight, commits offsets, and leaves the consumer groups. */
  async stop(): Promise<void> {
    const running = await this.#running?.catch(() => undefined); // `start` reports the error
    await running?.stop();
    await this.#invokers?.close();
    this.#running = undefined;
  }
}

/** The framework prints the error of a hook, but servers that are already running would keep the process alive. */
const exitOnError = async (work: () => Promise<void> | void): Promise<void> => {
  try {
    await work();
  } catch (error) {
    process.exitCode = 1;
    setTimeout(() => process.exit(1), EXIT_AFTER_MS).unref();
    throw error;
  }
};

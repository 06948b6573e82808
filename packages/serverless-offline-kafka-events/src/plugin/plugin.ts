import { resolve } from 'node:path';
import { kafkajsBroker } from '../broker/kafkajs.ts';
import { brokerPool } from '../broker/pool.ts';
import type { BrokerPool } from '../broker/pool.ts';
import type { Broker } from '../broker/port.ts';
import type { MappingDefinition } from '../config/definition.ts';
import { parseOptions } from '../config/options.ts';
import type { Options } from '../config/options.ts';
import { securityOf } from '../config/security.ts';
import { readMappings } from '../config/service.ts';
import { describeError } from '../errors.ts';
import { offlineLimits } from '../invoker/limits.ts';
import { prefixed } from '../log.ts';
import type { Log } from '../log.ts';
import { startEmf } from '../metrics/emf.ts';
import { serveMetrics } from '../metrics/http.ts';
import { createMapping } from '../poller/create-mapping.ts';
import type { Mapping } from '../poller/mapping.ts';
import { backoff, sleep } from '../time.ts';
import { serviceInvokers, wrapForEndpoint } from './invokers.ts';
import type { Invokers } from './invokers.ts';
import { splitOfflineCommand } from './offline-command.ts';
import type { Serverless, ServerlessUtils } from '../serverless.ts';

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
  readonly #stopping = new AbortController();
  #brokers: BrokerPool | undefined;
  #invokers: Invokers | undefined;
  #mappings: Mapping[] = [];
  #closers: (() => Promise<void> | void)[] = [];
  #drainTimeoutMs = 0;
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
    const { service } = this.#serverless;
    const { options, definitions } = this.#configuration ?? { options: undefined, definitions: [] };
    const [first] = definitions;
    if (first === undefined || options === undefined) return;
    this.#drainTimeoutMs = options.drainTimeoutMs;
    const clientId = `${service.service}-kafka-events`;
    const brokers = brokerPool((servers, security) =>
      kafkajsBroker({ brokers: servers, clientId, security, log: this.#log }),
    );
    this.#brokers = brokers;
    const brokerOf = (definition: MappingDefinition): Broker =>
      brokers.get(options.bootstrapServers, securityOf(definition, options));
    const invokers = await serviceInvokers(this.#serverless, this.#cliOptions, options);
    this.#invokers = invokers;
    for (const definition of definitions) {
      if (definition.enabled) {
        this.#mappings.push(await this.#mapping(definition, brokerOf(definition), invokers, options));
      } else {
        this.#log.notice(`${definition.functionKey} ← ${definition.topic} is not polled: enabled is false`);
      }
    }
    await this.#startMetrics(options);
    void this.#startMappings(brokerOf(first), options);
  }

  async #mapping(
    definition: MappingDefinition,
    broker: Broker,
    invokers: Invokers,
    options: Options,
  ): Promise<Mapping> {
    const { service, serviceDir, config } = this.#serverless;
    const { functionKey } = definition;
    const region = service.provider.region ?? 'us-east-1';
    return createMapping({
      definition,
      broker,
      invoker: await invokers.invokerFor(functionKey),
      log: this.#log,
      sessionTimeoutMs: options.sessionTimeoutMs,
      retryDelayMs: options.retryDelayMs,
      logBatches: options.log === 'batches',
      region,
      functionArn: `arn:aws:lambda:${region}:000000000000:function:${service.getFunction(functionKey).name}`,
      resources: service.resources?.Resources,
      failureFolder: resolve(serviceDir ?? config.servicePath ?? '.', options.failureFolder),
    });
  }

  async #startMetrics({ metrics, metricsPort }: Options): Promise<void> {
    const reports = () => this.#mappings.map((mapping) => mapping.report());
    if (metrics === 'emf') this.#closers.push(startEmf(reports, (line) => process.stdout.write(line)));
    if (metricsPort === undefined) return;
    const server = await serveMetrics(metricsPort, reports);
    this.#closers.push(() => server.close());
    this.#log.notice(`metrics at http://localhost:${server.port}/`);
  }

  async #startMappings(broker: Broker, { createTopics, bootstrapServers }: Options): Promise<void> {
    for (let attempt = 0; createTopics.length > 0 && !this.#stopping.signal.aborted; attempt++) {
      try {
        await broker.createTopics(createTopics);
        break;
      } catch (error) {
        if (attempt % 10 === 0)
          this.#log.notice(`waits for Kafka at ${bootstrapServers.join()}: ${describeError(error)}`);
        await sleep(backoff(attempt, 250, 3_000), this.#stopping.signal);
      }
    }
    if (!this.#stopping.signal.aborted) for (const mapping of this.#mappings) void mapping.start();
  }

  /** Starts no new batches, waits for invocations in flight, commits offsets, and leaves the consumer groups. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#mappings.map((mapping) => mapping.stop(this.#drainTimeoutMs)));
    for (const close of this.#closers) await close();
    await this.#invokers?.close();
    await this.#brokers?.close();
    this.#mappings = [];
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

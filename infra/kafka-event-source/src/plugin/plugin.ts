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
import { inProcessInvokers } from '../invoker/in-process.ts';
import type { Invoker } from '../invoker/port.ts';
import { sdkInvoker } from '../invoker/sdk.ts';
import { prefixed } from '../log.ts';
import type { Log } from '../log.ts';
import { Mapping } from '../poller/mapping.ts';
import { backoff, sleep } from '../time.ts';
import type { Serverless, ServerlessUtils } from './serverless.ts';

/**
 * The serverless-offline plugin. Starts when the HTTP server is up; `before:offline:start:end` is the last hook that
 * serverless-offline runs before it exits, after SIGINT or SIGTERM: there the mappings are drained.
 */
export default class KafkaEventsPlugin {
  readonly hooks = {
    'after:offline:start:init': () => this.start(),
    'before:offline:start:end': () => this.stop(),
  };
  readonly #serverless: Serverless;
  readonly #cliOptions: Record<string, unknown>;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #brokers: BrokerPool | undefined;
  #mappings: Mapping[] = [];
  #closers: (() => Promise<void>)[] = [];
  #drainTimeoutMs = 0;

  constructor(serverless: Serverless, cliOptions: Record<string, unknown>, { log }: ServerlessUtils) {
    this.#serverless = serverless;
    this.#cliOptions = cliOptions;
    this.#log = prefixed(log);
  }

  /** Configuration errors reject, and so stop the start; everything else is waited for in the background. */
  async start(): Promise<void> {
    const { service } = this.#serverless;
    const options = parseOptions(service.custom?.['kafkaEvents'], process.env);
    const definitions = readMappings(service, options, (line) => this.#log.warning(line));
    const [first] = definitions;
    if (first === undefined) return;
    this.#drainTimeoutMs = options.drainTimeoutMs;
    const clientId = `${service.service}-kafka-events`;
    const brokers = brokerPool((servers, security) =>
      kafkajsBroker({ brokers: servers, clientId, security, log: this.#log }),
    );
    this.#brokers = brokers;
    const brokerOf = (definition: MappingDefinition): Broker =>
      brokers.get(options.bootstrapServers, securityOf(definition, options));
    const invokerFor = await this.#invokers(options);
    for (const definition of definitions.filter(({ enabled }) => enabled)) {
      const invoker = await invokerFor(definition);
      const { sessionTimeoutMs } = options;
      const broker = brokerOf(definition);
      this.#mappings.push(new Mapping({ definition, broker, invoker, log: this.#log, sessionTimeoutMs }));
    }
    void this.#startMappings(brokerOf(first), options);
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

  async #invokers(options: Options): Promise<(definition: MappingDefinition) => Promise<Invoker>> {
    if (options.invoke === 'in-process') {
      const { invokerFor, close } = await inProcessInvokers(this.#serverless, this.#cliOptions);
      this.#closers.push(close);
      return ({ functionKey }) => Promise.resolve(invokerFor(functionKey));
    }
    const { service } = this.#serverless;
    const custom = (service.custom?.['serverless-offline'] ?? {}) as Record<string, unknown>;
    const port = this.#cliOptions['lambdaPort'] ?? custom['lambdaPort'] ?? 3002;
    return async ({ functionKey }) => {
      const { name, timeout = service.provider.timeout ?? 6 } = service.getFunction(functionKey);
      const invoker = await sdkInvoker({
        functionName: name,
        endpoint: `http://localhost:${String(port)}`,
        region: service.provider.region ?? 'us-east-1',
        requestTimeoutMs: timeout * 1000 + 5_000,
      });
      this.#closers.push(() => invoker.close());
      return invoker;
    };
  }

  /** No new batch, invocations in flight finished, offsets committed, groups left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#mappings.map((mapping) => mapping.stop(this.#drainTimeoutMs)));
    await Promise.all(this.#closers.map((close) => close()));
    await this.#brokers?.close();
    this.#mappings = [];
  }
}

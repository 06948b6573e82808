import { resolve } from 'node:path';
import { kafkajsBroker } from '../broker/kafkajs.ts';
import { brokerPool } from '../broker/pool.ts';
import type { BrokerPool } from '../broker/pool.ts';
import type { Broker } from '../broker/port.ts';
import type { MappingDefinition } from '../config/definition.ts';
import type { Options } from '../config/options.ts';
import { securityOf } from '../config/security.ts';
import { describeError } from '../errors.ts';
import type { Invoker } from '../invoker/port.ts';
import type { Log } from '../log.ts';
import { startEmf } from '../metrics/emf.ts';
import { serveMetrics } from '../metrics/http.ts';
import type { MappingReport } from '../metrics/report.ts';
import { createMapping } from '../poller/create-mapping.ts';
import type { Mapping } from '../poller/mapping.ts';
import type { Serverless } from '../serverless.ts';
import { backoff, sleep } from '../time.ts';
import type { RunningMappings } from './running-mappings.ts';

export interface RunDeps {
  readonly service: Serverless['service'];
  readonly serviceDir: string;
  readonly options: Options;
  readonly definitions: readonly MappingDefinition[];
  readonly invokerFor: (functionKey: string) => Promise<Invoker>;
  readonly log: Log;
}

/** Starts all mappings of a service in the background. Errors of the broker are retried. */
export const runMappings = async (deps: RunDeps): Promise<RunningMappings> => {
  const { service, options, definitions, log } = deps;
  const clientId = `${service.service}-kafka-events`;
  const brokers = brokerPool((servers, security) => kafkajsBroker({ brokers: servers, clientId, security, log }));
  const mappings: Mapping[] = [];
  for (const definition of definitions) {
    if (definition.enabled) mappings.push(await mappingOf(definition, brokerOf(brokers, definition, options), deps));
    else log.notice(`${definition.functionKey} ← ${definition.topic} is not polled: enabled is false`);
  }
  const reports = () => mappings.map((mapping) => mapping.report());
  const closers = await startMetrics(reports, deps);
  const stopping = new AbortController();
  const [first] = definitions;
  if (first !== undefined) {
    void topicsExist(brokerOf(brokers, first, options), deps, stopping.signal).then(() => {
      if (!stopping.signal.aborted) for (const mapping of mappings) void mapping.start();
    });
  }
  return {
    reports,
    stop: async () => {
      stopping.abort();
      await Promise.all(mappings.map((mapping) => mapping.stop(options.drainTimeoutMs)));
      for (const close of closers) await close();
      await brokers.close();
    },
  };
};

const brokerOf = (brokers: BrokerPool, definition: MappingDefinition, options: Options): Broker =>
  brokers.get(options.bootstrapServers, securityOf(definition, options));

const mappingOf = async (
  definition: MappingDefinition,
  broker: Broker,
  { service, serviceDir, options, invokerFor, log }: RunDeps,
): Promise<Mapping> => {
  const { functionKey } = definition;
  const region = service.provider.region ?? 'us-east-1';
  return createMapping({
    definition,
    broker,
    invoker: await invokerFor(functionKey),
    log,
    sessionTimeoutMs: options.sessionTimeoutMs,
    retryDelayMs: options.retryDelayMs,
    logBatches: options.log === 'batches',
    region,
    functionArn: `arn:aws:lambda:${region}:000000000000:function:${service.getFunction(functionKey).name}`,
    resources: service.resources?.Resources,
    failureFolder: resolve(serviceDir, options.failureFolder),
  });
};

const startMetrics = async (reports: () => MappingReport[], { options, log }: RunDeps) => {
  const closers: (() => Promise<void> | void)[] = [];
  if (options.metrics === 'emf') closers.push(startEmf(reports, (line) => process.stdout.write(line)));
  if (options.metricsPort === undefined) return closers;
  const server = await serveMetrics(options.metricsPort, reports);
  log.notice(`metrics at http://localhost:${server.port}/`);
  return [...closers, () => server.close()];
};

/** Creates the missing topics, until it succeeds or the signal is aborted. */
const topicsExist = async (
  broker: Broker,
  { options: { createTopics, bootstrapServers }, log }: RunDeps,
  stopping: AbortSignal,
): Promise<void> => {
  for (let attempt = 0; createTopics.length > 0 && !stopping.aborted; attempt++) {
    try {
      return await broker.createTopics(createTopics);
    } catch (error) {
      if (attempt % 10 === 0) log.notice(`waits for Kafka at ${bootstrapServers.join()}: ${describeError(error)}`);
      await sleep(backoff(attempt, 250, 3_000), stopping);
    }
  }
};

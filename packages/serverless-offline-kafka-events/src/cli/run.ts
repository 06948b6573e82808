import { resolve } from 'node:path';
import { z } from 'zod';
import { kafkajsBroker } from '../broker/kafkajs.ts';
import { defineMapping } from '../config/definition.ts';
import type { MappingDefinition } from '../config/definition.ts';
import { parseOrExplain } from '../config/explain.ts';
import { parseOptions } from '../config/options.ts';
import type { Options } from '../config/options.ts';
import { between } from '../config/ranges.ts';
import { securityOf } from '../config/security.ts';
import { KafkaEventsError } from '../errors.ts';
import { sdkInvoker } from '../invoker/sdk.ts';
import type { Log } from '../log.ts';
import { serveMetrics } from '../metrics/http.ts';
import { createMapping } from '../poller/create-mapping.ts';
import { parseFlags } from './flags.ts';
import { helpText } from './help.ts';
import { watchFailures } from './watch-failures.ts';

export interface CliContext {
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** Aborts when the user stops the program. */
  readonly stop: AbortSignal;
}

const target = z.object({
  endpoint: z.url({ protocol: /^https?$/, error: 'must be a URL such as http://localhost:9000' }).optional(),
  region: z.string().optional(),
  functionTimeout: between(1, 900).default(900),
});

/** The format of the AWS command line; the key has another name in CloudFormation. */
const selfManaged = z
  .object(
    { Endpoints: z.object({ KAFKA_BOOTSTRAP_SERVERS: z.array(z.string()).min(1) }) },
    {
      error: 'must be {"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["host:port"]}}',
    },
  )
  .optional();

interface Command {
  readonly definition: MappingDefinition;
  readonly options: Options;
  readonly target: z.output<typeof target>;
}

/** @throws KafkaEventsError CONFIG_INVALID */
const readCommand = (args: readonly string[], env: NodeJS.ProcessEnv): Command | 'help' => {
  const { properties, local } = parseFlags(args);
  const { help, endpoint, region, functionTimeout, ...rest } = local;
  if (help === true) return 'help';
  const { SelfManagedEventSource: selfManagedSource, ...mapping } = properties;
  const { FunctionName: functionName, Topics: topics, EventSourceArn: arn } = mapping;
  for (const [flag, value] of [['--function-name', functionName] as const, ['--topic', topics] as const]) {
    if (value === undefined) throw new KafkaEventsError('CONFIG_INVALID', `${flag} is missing. See --help.`);
  }
  const kind = arn === undefined ? 'kafka' : 'msk';
  const group = `${String(functionName)}-${[topics].flat().join()}`;
  const definition = defineMapping(String(functionName), kind, mapping, group);
  const { Endpoints } = parseOrExplain(selfManaged, '--self-managed-event-source', selfManagedSource) ?? {};
  const servers = Endpoints?.KAFKA_BOOTSTRAP_SERVERS;
  return {
    definition,
    options: parseOptions({ ...(servers ? { bootstrapServers: servers } : {}), ...rest }, env),
    target: parseOrExplain(target, 'local flags', { endpoint, region: region ?? env['AWS_REGION'], functionTimeout }),
  };
};

/** Runs one mapping until the stop signal, or until the mapping stops with an error. Resolves with the exit code. */
export const runCli = async (args: readonly string[], { env, log, stop }: CliContext): Promise<number> => {
  let command: Command | 'help';
  try {
    command = readCommand(args, env);
  } catch (error) {
    if (!(error instanceof KafkaEventsError)) throw error;
    log.error(error.message);
    return 2;
  }
  if (command === 'help') {
    log.notice(helpText());
    return 0;
  }
  return poll(command, log, stop);
};

const poll = async ({ definition, options, target }: Command, log: Log, stop: AbortSignal): Promise<number> => {
  const { functionKey: functionName, warnings } = definition;
  const { endpoint, region = 'us-east-1', functionTimeout } = target;
  for (const line of warnings) log.warning(line);
  const security = securityOf(definition, options);
  const broker = kafkajsBroker({ brokers: options.bootstrapServers, clientId: 'kafka-events', security, log });
  const requestTimeoutMs = functionTimeout * 1000 + 5_000;
  const invoker = await sdkInvoker({ functionName, endpoint, region, requestTimeoutMs });
  let exitCode = 0;
  const ended = new AbortController();
  const mapping = await createMapping({
    definition,
    broker: watchFailures(broker, () => {
      exitCode = 1;
      ended.abort();
    }),
    invoker,
    log,
    sessionTimeoutMs: options.sessionTimeoutMs,
    retryDelayMs: options.retryDelayMs,
    logBatches: options.log === 'batches',
    region,
    functionArn: functionName.startsWith('arn:')
      ? functionName
      : `arn:aws:lambda:${region}:000000000000:function:${functionName}`,
    failureFolder: resolve(options.failureFolder),
  });
  const { metricsPort } = options;
  const metrics = metricsPort === undefined ? undefined : await serveMetrics(metricsPort, () => [mapping.report()]);
  void mapping.start();
  await aborted(AbortSignal.any([stop, ended.signal]));
  if (stop.aborted) log.notice(`${mapping.name} stops and waits for the invocation in flight`);
  await mapping.stop(options.drainTimeoutMs);
  await Promise.all([metrics?.close(), invoker.close(), broker.close()]);
  return exitCode;
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

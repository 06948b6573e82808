import { parseOptions } from '../config/options.ts';
import type { KafkaEventsOptions } from '../config/options.ts';
import { securityOf } from '../config/security.ts';
import { readMappings } from '../config/service.ts';
import { directInvoker } from '../invoker/direct.ts';
import type { LocalFunction } from '../local-function.ts';
import { prefixed } from '../log.ts';
import type { Log } from '../log.ts';
import type { Serverless } from '../serverless.ts';
import { runMappings } from './run-mappings.ts';
import type { RunningMappings } from './running-mappings.ts';

/** The parts of a serverless.yml that concern Kafka. */
export interface KafkaEventsService {
  /** Its name is part of the default consumer groups. */
  readonly service: string;
  readonly functions: Readonly<Record<string, LocalFunction>>;
  readonly resources?: Serverless['service']['resources'];
  /** As `custom.kafkaEvents`. */
  readonly options?: KafkaEventsOptions;
  readonly log: Log;
}

/**
 * Invokes functions in this process from Kafka, without serverless-offline. Resolves when the configuration is valid; the
 * mappings start in the background, and errors of the broker are retried.
 * @throws KafkaEventsError CONFIG_INVALID or PEER_MISSING
 */
export const startKafkaEvents = async (given: KafkaEventsService): Promise<RunningMappings> => {
  const { functions } = given;
  const log = prefixed(given.log);
  const of = (key: string): LocalFunction => {
    const found = functions[key];
    if (found === undefined) throw new Error(`there is no function ${key}`);
    return found;
  };
  const service: Serverless['service'] = {
    service: given.service,
    provider: {},
    ...(given.resources === undefined ? {} : { resources: given.resources }),
    getAllFunctions: () => Object.keys(functions),
    getFunction: (key) => ({ name: `${given.service}-${key}`, events: of(key).events, timeout: of(key).timeout }),
  };
  const options = parseOptions(given.options, process.env);
  const definitions = readMappings(service, options, (line) => log.warning(line));
  for (const definition of definitions) securityOf(definition, options);
  return runMappings({
    ...{ service, serviceDir: process.cwd(), options, definitions, log },
    invokerFor: (key) => Promise.resolve(directInvoker(of(key))),
  });
};

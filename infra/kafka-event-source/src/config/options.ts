import { z } from 'zod';
import { KafkaEventsError } from '../errors.ts';
import { explainIssues } from './definition.ts';

const servers = z
  .union([z.string(), z.array(z.string())])
  .transform((it) => (Array.isArray(it) ? it : it.split(',')).map((server) => server.trim()))
  .pipe(z.array(z.string().regex(/^[^:\s]+:\d+$/, 'must be host:port')).min(1));

const schema = z.strictObject({
  /** Wins over `KAFKA_BROKERS`; default localhost:9092. */
  bootstrapServers: servers.optional(),
  log: z.enum(['mappings', 'batches']).default('mappings'),
  /** Topics to create before the mappings start: opt-in, since AWS creates none. */
  createTopics: z
    .array(
      z.strictObject({
        topic: z.string(),
        partitions: z.int().min(1).default(1),
        retentionMs: z.int().min(-1).optional(),
      }),
    )
    .default([]),
  invoke: z.enum(['in-process', 'sdk']).default('in-process'),
  /** A silent member loses its partitions after this many milliseconds. */
  sessionTimeoutMs: z.int().min(6_000).max(1_800_000).default(10_000),
  /** How long a stop waits for invocations in flight, in milliseconds. */
  drainTimeoutMs: z.int().min(0).default(10_000),
  /** CloudFormation properties per function key, or `function/topic`, for what serverless.yml cannot say (K-82). */
  overrides: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

export type Options = z.output<typeof schema>;

/** @throws KafkaEventsError CONFIG_INVALID naming the field, its value and what is allowed */
export const parseOptions = (input: unknown, env: NodeJS.ProcessEnv): Options & { bootstrapServers: string[] } => {
  const result = schema.safeParse(input ?? {});
  if (!result.success) {
    throw new KafkaEventsError('CONFIG_INVALID', explainIssues('custom.kafkaEvents', input, result.error), {
      cause: result.error,
    });
  }
  const fallback = servers.safeParse(env['KAFKA_BROKERS'] ?? 'localhost:9092');
  if (!fallback.success) {
    throw new KafkaEventsError('CONFIG_INVALID', explainIssues('KAFKA_BROKERS', env['KAFKA_BROKERS'], fallback.error));
  }
  return Object.freeze({ ...result.data, bootstrapServers: result.data.bootstrapServers ?? fallback.data });
};

import type { LocalInfra } from '../../infra/local/index.ts';
import { ensureJars, jarsAreHere } from '../../infra/local/jars.ts';

/** The environment of tests, with the addresses of their broker and Redis. */
export const testEnvironment = async ({
  kafkaBrokers,
  redisUrl,
}: Pick<LocalInfra, 'kafkaBrokers' | 'redisUrl'>): Promise<NodeJS.ProcessEnv> => ({
  ...process.env,
  KAFKA_BROKERS: kafkaBrokers,
  REDIS_URL: redisUrl,
  // Some tests of the plugin start a broker themselves. With Docker there are no jars, so these tests are skipped.
  ...(jarsAreHere() ? { KAFKA_LIB: await ensureJars(console.log) } : {}),
  KAFKAJS_NO_PARTITIONER_WARNING: '1',
  // The AWS SDK warns that later versions will not support Node.js 20.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
});

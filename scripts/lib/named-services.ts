import { SetupError } from '../../infra/local/errors.ts';
import { inTime } from '../../lib/adapters/in-time.ts';
import { createRedis } from '../../lib/adapters/redis/client.ts';
import { evictionProblems } from '../../lib/adapters/redis/eviction.ts';
import { topicDefinitions } from '../../lib/config/topics.ts';
import type { Config } from '../../lib/config/variables.ts';
import { createLogger } from '../../lib/log.ts';
import { withAdmin } from './services.ts';
import { ensureTopics } from './topics.ts';

const quiet = createLogger('silent');
/** Timeout (ms) of a check; `/health` reports services that are slower. */
const WITHIN_MS = 5000;

/** @throws SetupError when Redis may evict keys. If it does not answer, `/health` reports it. */
export const refuseEvictingRedis = async ({ REDIS_URL, REDIS_MODE }: Config): Promise<void> => {
  const redis = createRedis(REDIS_URL, quiet, REDIS_MODE);
  const problems = await evictionProblems(redis, quiet).catch(() => []);
  redis.disconnect();
  if (problems.length > 0)
    throw new SetupError(
      `The Redis that REDIS_URL names may lose counts: ${problems.join(', ')}. In its configuration: maxmemory-policy noeviction`,
    );
};

/** Creates missing topics and corrects the settings that exact counts need. `/health` reports failures. */
export const prepareTopics = async (config: Config): Promise<void> => {
  const layout = { clusters: config.CLUSTERS, subscribersPerCluster: config.SUBSCRIBERS_PER_CLUSTER };
  const ensured = withAdmin(config, (admin) => ensureTopics(admin, topicDefinitions(layout)));
  await inTime(ensured, WITHIN_MS).catch(() => undefined);
};

/**
 * The parts of `serverless.yml` that depend on the configuration: read there by `${file(infra/serverless.js):…}`.
 */
import { clusterTopic, REACTION_TOPIC, topicDefinitions, UPDATE_TOPIC } from './topics.js';

const { env } = process;

/** The variables of `lib/config.ts`, as far as they are set where the command runs; the functions know the defaults. */
const VARIABLES = [
  'KAFKA_BROKERS',
  'KAFKA_AUTH',
  'KAFKA_USERNAME',
  'KAFKA_PASSWORD',
  'REDIS_URL',
  'WINDOW_SECONDS',
  'WATERMARK_SECONDS',
  'AGGREGATION_RATIO',
  'EMOJI_SHORT_CODES',
  'CLUSTERS',
  'SUBSCRIBERS_PER_CLUSTER',
  'CLIENT_TTL_SECONDS',
  'DELIVERY_ALLOWED_HOSTS',
  'DELIVERY_REFUSED_PORTS',
  'DELIVERY_TIMEOUT_MS',
  'DELIVERY_HANDSHAKE',
  'ACK_TIMEOUT_MS',
  'WINDOW_RETENTION_SECONDS',
  'LOG_LEVEL',
];

export const environment = Object.fromEntries(VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));

const clusters = Number(env.CLUSTERS || 2);
const subscribersPerCluster = Number(env.SUBSCRIBERS_PER_CLUSTER || 3);

/** What the local plugin creates where it is missing. */
export const topics = topicDefinitions({ clusters, subscribersPerCluster });

/** The cluster of the local stage is nobody's: AWS's shape, so that events look the same. */
const arn =
  env.MSK_CLUSTER_ARN || 'arn:aws:kafka:eu-west-1:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1';

/** MSK keeps a SCRAM login in Secrets Manager; locally the plugin is given what the functions log in with. */
const secretArn = env.KAFKA_SECRET_ARN || 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:AmazonMSK_local-000000';
const usesScram = env.KAFKA_AUTH === 'scram';
export const secrets = usesScram
  ? { [secretArn]: { username: env.KAFKA_USERNAME ?? '', password: env.KAFKA_PASSWORD ?? '' } }
  : {};

/**
 * @param {string} topic
 * @param {string} consumerGroupId
 * @param {number} [maximumBatchingWindow] seconds
 */
const mskEvent = (topic, consumerGroupId, maximumBatchingWindow) => ({
  msk: {
    arn,
    topic,
    consumerGroupId,
    batchSize: 10_000,
    startingPosition: 'TRIM_HORIZON',
    ...(maximumBatchingWindow === undefined ? {} : { maximumBatchingWindow }),
    ...(usesScram ? { saslScram512: secretArn } : {}),
  },
});

/** Taps are gathered for a second; the hops after that pass on at once what they get. */
export const aggregateEvents = [mskEvent(REACTION_TOPIC, 'aggregate', 1)];
export const clusterFanoutEvents = [mskEvent(UPDATE_TOPIC, 'cluster-fanout')];
export const subscriberFanoutEvents = Array.from({ length: clusters }, (_, cluster) =>
  mskEvent(clusterTopic(cluster), `subscriber-fanout-${cluster}`),
);

const clusterName = arn.split('/')[1] ?? '';

/** @param {string} name */
const logicalName = (name) => name.replace(/[^0-9A-Za-z]/g, '').replace(/^./, (char) => char.toUpperCase());

/** The framework's name of a mapping in the template. @param {string} fn @param {string} topic */
const mappingId = (fn, topic) => `${fn}EventSourceMappingMSK${logicalName(clusterName)}${logicalName(topic)}`;

/** `maximumBatchingWindow: 0` is not written to the template by the framework, and without it AWS waits 500 ms. */
const atOnce = { Properties: { MaximumBatchingWindowInSeconds: 0 } };
export const extensions = Object.fromEntries(
  [
    mappingId('ClusterDashfanout', UPDATE_TOPIC),
    ...Array.from({ length: clusters }, (_, cluster) => mappingId('SubscriberDashfanout', clusterTopic(cluster))),
  ].map((id) => [id, atOnce]),
);

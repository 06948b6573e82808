/**
 * The parts of `serverless.yml` that depend on the configuration, read there by `${file(infra/serverless.js):…}`, which
 * loads this file: the Serverless Framework can't load TypeScript on Node 20.
 */
import { LOCAL_ORIGINS, LOCAL_STAGE, stageProblems } from '../lib/config/stages.ts';
import { clusterTopic, REACTION_GROUP, REACTION_TOPIC, topicDefinitions, UPDATE_TOPIC } from '../lib/config/topics.ts';
import { badVariables, variables } from '../lib/config/variables.ts';

const { env } = process;

/** Functions know the defaults: they are given what is set where the command runs. The stage comes from the framework. */
const VARIABLES = Object.keys(variables).filter((name) => name !== 'STAGE');

/** Without a stack, which the framework would print instead of the sentences. */
const refuse = (sentences: readonly string[]): void => {
  if (sentences.length > 0) throw Object.assign(new Error(sentences.join('\n')), { stack: '' });
};

interface Framework {
  resolveVariable(name: string): Promise<string>;
}

/** What the functions find in their environment. */
export const environment = async ({ resolveVariable }: Framework): Promise<Record<string, string>> => {
  const STAGE = await resolveVariable('sls:stage');
  refuse([...badVariables({ ...env, STAGE }), ...stageProblems({ ...env, STAGE }).map(([, sentence]) => sentence)]);
  const given = VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  return { STAGE, ...Object.fromEntries(given) };
};

/** Pages that may call the API; API Gateway answers the browser's question itself. */
export const httpApi = async ({ resolveVariable }: Framework) => {
  const local = (await resolveVariable('sls:stage')) === LOCAL_STAGE;
  const allowedOrigins = env.CORS_ORIGINS
    ? env.CORS_ORIGINS.split(',').map((origin) => origin.trim())
    : local
      ? LOCAL_ORIGINS
      : [];
  if (allowedOrigins.length === 0) return {};
  return {
    cors: {
      allowedOrigins,
      allowedMethods: ['GET', 'POST', 'DELETE'],
      allowedHeaders: ['authorization', 'content-type'],
      exposedResponseHeaders: [
        'x-request-id',
        'www-authenticate',
        'retry-after',
        'ratelimit',
        'ratelimit-policy',
        'ratelimit-limit',
        'ratelimit-remaining',
        'ratelimit-reset',
      ],
      maxAge: 600,
    },
  };
};

// When they are bad `environment` says so: what is made from them here is not used then.
const { data: clusters = 0 } = variables.CLUSTERS.safeParse(env.CLUSTERS || undefined);
const { data: subscribersPerCluster = 0 } = variables.SUBSCRIBERS_PER_CLUSTER.safeParse(
  env.SUBSCRIBERS_PER_CLUSTER || undefined,
);

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

/** @param maximumBatchingWindow seconds */
const mskEvent = (topic: string, consumerGroupId: string, maximumBatchingWindow?: number) => ({
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
export const aggregateEvents = [mskEvent(REACTION_TOPIC, REACTION_GROUP, 1)];
export const clusterFanoutEvents = [mskEvent(UPDATE_TOPIC, 'cluster-fanout')];
export const subscriberFanoutEvents = Array.from({ length: clusters }, (_, cluster) =>
  mskEvent(clusterTopic(cluster), `subscriber-fanout-${cluster}`),
);

const clusterName = arn.split('/')[1] ?? '';

const logicalName = (name: string) => name.replace(/[^0-9A-Za-z]/g, '').replace(/^./, (char) => char.toUpperCase());

/** The framework's name of a mapping in the template. */
const mappingId = (fn: string, topic: string) =>
  `${fn}EventSourceMappingMSK${logicalName(clusterName)}${logicalName(topic)}`;

/** `maximumBatchingWindow: 0` is not written to the template by the framework, and without it AWS waits 500 ms. */
const atOnce = { Properties: { MaximumBatchingWindowInSeconds: 0 } };
export const extensions = Object.fromEntries(
  [
    mappingId('ClusterDashfanout', UPDATE_TOPIC),
    ...Array.from({ length: clusters }, (_, cluster) => mappingId('SubscriberDashfanout', clusterTopic(cluster))),
  ].map((id) => [id, atOnce]),
);

/**
 * The parts of `serverless.yml` that depend on the configuration, read there by `${file(infra/serverless.js):…}`, which
 * loads this file: the Serverless Framework can't load TypeScript on Node 20.
 */
import { CORS } from '../lib/config/cors.ts';
import { LOCAL_ORIGINS, LOCAL_STAGE, stageProblems } from '../lib/config/stages.ts';
import { clusterTopic, REACTION_GROUP, REACTION_TOPIC, topicDefinitions, UPDATE_TOPIC } from '../lib/config/topics.ts';
import { badVariables, variables } from '../lib/config/variables.ts';

const { env } = process;

/**
 * Variables that are passed on to the functions if they are set; functions know the defaults. The framework sets STAGE.
 */
const VARIABLES = Object.keys(variables).filter((name) => name !== 'STAGE');

/** The error has no stack, because the framework would print it instead of the message. */
const refuse = (sentences: readonly string[]): void => {
  if (sentences.length > 0) throw Object.assign(new Error(sentences.join('\n')), { stack: '' });
};

interface Framework {
  resolveVariable(name: string): Promise<string>;
}

/** The endpoint of the deployed WebSocket API, whose logical id the framework chooses. */
const socketEndpoint = (stage: string) => ({
  'Fn::Sub': `https://\${WebsocketsApi}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}/${stage}`,
});

/** The environment of the functions. Locally all values are text, because serverless-offline resolves nothing else. */
export const environment = async ({ resolveVariable }: Framework): Promise<Record<string, unknown>> => {
  const STAGE = await resolveVariable('sls:stage');
  refuse([...badVariables({ ...env, STAGE }), ...stageProblems({ ...env, STAGE }).map(([, sentence]) => sentence)]);
  const given = VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  const deployed = STAGE === LOCAL_STAGE ? {} : { WEBSOCKET_ENDPOINT: socketEndpoint(STAGE) };
  return { STAGE, ...deployed, ...Object.fromEntries(given) };
};

/** CORS settings: the origins that may call the API. API Gateway answers preflight requests itself. */
export const httpApi = async ({ resolveVariable }: Framework) => {
  const local = (await resolveVariable('sls:stage')) === LOCAL_STAGE;
  const allowedOrigins = env.CORS_ORIGINS
    ? env.CORS_ORIGINS.split(',').map((origin) => origin.trim())
    : local
      ? LOCAL_ORIGINS
      : [];
  if (allowedOrigins.length === 0) return {};
  return { cors: { allowedOrigins, ...CORS } };
};

// For invalid values `environment` throws, and these are not used.
const { data: clusters = 0 } = variables.CLUSTERS.safeParse(env.CLUSTERS || undefined);
const { data: subscribersPerCluster = 0 } = variables.SUBSCRIBERS_PER_CLUSTER.safeParse(
  env.SUBSCRIBERS_PER_CLUSTER || undefined,
);

/** The topics that the local plugin creates if they are missing. */
export const topics = topicDefinitions({ clusters, subscribersPerCluster });

/** The local stage has an invented ARN, so that events look the same as on AWS. */
const arn =
  env.MSK_CLUSTER_ARN || 'arn:aws:kafka:eu-west-1:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1';

/** MSK keeps SCRAM credentials in Secrets Manager; locally the plugin gets those of the functions. */
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

/** Taps are batched for one second; the later functions have no batching window. */
export const aggregateEvents = [mskEvent(REACTION_TOPIC, REACTION_GROUP, 1)];
export const clusterFanoutEvents = [mskEvent(UPDATE_TOPIC, 'cluster-fanout')];
export const subscriberFanoutEvents = Array.from({ length: clusters }, (_, cluster) =>
  mskEvent(clusterTopic(cluster), `subscriber-fanout-${cluster}`),
);

const clusterName = arn.split('/')[1] ?? '';

const logicalName = (name: string) => name.replace(/[^0-9A-Za-z]/g, '').replace(/^./, (char) => char.toUpperCase());

/** The framework's logical id of an event source mapping. */
const mappingId = (fn: string, topic: string) =>
  `${fn}EventSourceMappingMSK${logicalName(clusterName)}${logicalName(topic)}`;

/** The framework does not write `maximumBatchingWindow: 0` to the template, and AWS's default is 500 ms. */
const atOnce = { Properties: { MaximumBatchingWindowInSeconds: 0 } };
export const extensions = Object.fromEntries(
  [
    mappingId('ClusterDashfanout', UPDATE_TOPIC),
    ...Array.from({ length: clusters }, (_, cluster) => mappingId('SubscriberDashfanout', clusterTopic(cluster))),
  ].map((id) => [id, atOnce]),
);

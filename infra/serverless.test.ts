import { beforeAll, expect, test } from '@jest/globals';
import { loadConfig, variables } from '../lib/config/variables.ts';
import { LOCAL_ORIGINS } from '../lib/config/stages.ts';
import { clusterOf, clusterTopic, REACTION_RETENTION_MS, topicDefinitions } from '../lib/config/topics.ts';

const defaults = loadConfig({}) as Record<string, unknown>;
/** Values of variables without a default, or whose default can't be set as text. */
const examples: Record<string, string> = {
  ...{ KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p', EMOJI_SHORT_CODES: ':goal:', DELIVERY_REFUSED_PORTS: '8080' },
  ...{ AUTH_SECRET: 'x'.repeat(32), AUTH_JWKS_URL: 'https://idp.example.com/', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' },
  DELIVERY_TCP: 'on',
  AUTH_JWKS: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}',
};
const given = Object.fromEntries(
  Object.keys(variables).map((name) => [name, examples[name] ?? String(defaults[name])]),
);
let made: Awaited<ReturnType<typeof load>>;
const load = () => import('./serverless.ts');
beforeAll(async () => {
  Object.assign(process.env, given, { CLUSTERS: '4', SUBSCRIBERS_PER_CLUSTER: '5' });
  made = await load();
});

const onStage = (stage: string) => ({ resolveVariable: async (name: string) => (name === 'sls:stage' ? stage : '') });
const withEnv = async <T>(env: Record<string, string>, work: () => Promise<T>): Promise<T> => {
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    Object.assign(process.env, before);
  }
};

test('functions get exactly the variables of the configuration, and the framework’s stage', async () => {
  expect(await made.environment(onStage('local'))).toEqual({
    ...given,
    CLUSTERS: '4',
    SUBSCRIBERS_PER_CLUSTER: '5',
    STAGE: 'local',
  });
});

test('packaging a deployed stage without authentication fails with a clear message', async () => {
  const make = (env: Record<string, string>) => withEnv(env, () => made.environment(onStage('prod')));
  await expect(make({ AUTH_MODE: '' })).rejects.toMatchObject({
    message: expect.stringMatching(/^AUTH_MODE must be jwt on stage prod/),
    stack: '',
  });
  await expect(make({ AUTH_MODE: 'jwt', CORS_ORIGINS: '*' })).rejects.toThrow('CORS_ORIGINS must name its origins');
  expect(await make({ AUTH_MODE: 'jwt' })).toMatchObject({ STAGE: 'prod', AUTH_MODE: 'jwt' });
  expect(await make({ AUTH_MODE: '', AUTH_ALLOW_OPEN: 'true' })).toMatchObject({ STAGE: 'prod' });
});

test('packaging with a bad variable fails with the functions’ error message', async () => {
  const make = (env: Record<string, string>) => withEnv(env, () => made.environment(onStage('local')));
  await expect(make({ REDIS_URL: 'redis://:100%@cache', CLUSTERS: 'two' })).rejects.toMatchObject({
    message: expect.stringMatching(/^REDIS_URL must be .* \(the value is not shown\)\nCLUSTERS must be a whole number/),
    stack: '',
  });
});

test('a deployed stage sends to connections of its own WebSocket API', async () => {
  const on = (stage: string) =>
    withEnv({ AUTH_MODE: 'jwt', WEBSOCKET_ENDPOINT: '' }, () => made.environment(onStage(stage)));
  expect(await on('prod')).toMatchObject({
    WEBSOCKET_ENDPOINT: { 'Fn::Sub': 'https://${WebsocketsApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod' },
  });
  expect(await on('local')).not.toHaveProperty('WEBSOCKET_ENDPOINT');
});

test('the local stage allows origins of this machine, other stages only configured ones', async () => {
  const origins = async (stage: string, CORS_ORIGINS: string) =>
    (await withEnv({ CORS_ORIGINS }, () => made.httpApi(onStage(stage)))).cors?.allowedOrigins;
  const named = 'https://a.example, https://b.example';
  expect(await origins('local', '')).toEqual(LOCAL_ORIGINS);
  expect(await origins('prod', '')).toBeUndefined();
  for (const stage of ['local', 'prod'])
    expect(await origins(stage, named)).toEqual(['https://a.example', 'https://b.example']);
});

test('topics are created for the configured clusters', () => {
  expect(made.topics).toEqual(topicDefinitions({ clusters: 4, subscribersPerCluster: 5 }));
  expect(made.topics.filter(({ topic }) => topic.startsWith('cluster_'))).toEqual(
    [0, 1, 2, 3].map((cluster) => expect.objectContaining({ topic: clusterTopic(cluster), partitions: 5 })),
  );
});

test('every mapping reads an existing topic in its own consumer group', () => {
  const { aggregateEvents, clusterFanoutEvents, subscriberFanoutEvents } = made;
  const events = [...aggregateEvents, ...clusterFanoutEvents, ...subscriberFanoutEvents].map(({ msk }) => msk);
  const topics = made.topics.map(({ topic }) => topic);
  for (const { topic } of events) expect(topics).toContain(topic);
  expect(new Set(events.map(({ consumerGroupId }) => consumerGroupId)).size).toBe(events.length);
});

test('only aggregate has a batching window of a second', () => {
  const { aggregateEvents, clusterFanoutEvents, subscriberFanoutEvents, extensions } = made;
  expect(aggregateEvents.map(({ msk }) => msk.maximumBatchingWindow)).toEqual([1]);
  const later = [...clusterFanoutEvents, ...subscriberFanoutEvents];
  expect(later.map(({ msk }) => msk.maximumBatchingWindow)).toEqual(later.map(() => undefined));
  expect(Object.values(extensions)).toEqual(later.map(() => ({ Properties: { MaximumBatchingWindowInSeconds: 0 } })));
});

test('clusterOf is the inverse of clusterTopic', () => {
  for (const cluster of [0, 7, 99]) expect(clusterOf(clusterTopic(cluster))).toBe(cluster);
});

test('by default a window can be corrected for as long as its taps can be read again', () => {
  expect(loadConfig({}).WINDOW_RETENTION_SECONDS * 1000).toBeGreaterThanOrEqual(REACTION_RETENTION_MS);
});

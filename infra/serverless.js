import { require as requireTs } from 'tsx/cjs/api';

/** The exports of `serverless.ts` for `serverless.yml`: the framework can't load TypeScript on Node 20. */
export const {
  environment,
  httpApi,
  topics,
  secrets,
  aggregateEvents,
  clusterFanoutEvents,
  subscriberFanoutEvents,
  extensions,
} = /** @type {typeof import('./serverless.ts')} */ (requireTs('./serverless.ts', import.meta.url));

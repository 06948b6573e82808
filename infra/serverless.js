import { require as requireTs } from 'tsx/cjs/api';

/** What `serverless.yml` takes from `serverless.ts`: the framework can't load TypeScript itself on Node 20. */
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

import { Gauge } from 'prom-client';
import { startKafkaEvents } from 'serverless-offline-kafka-events';
import { handler as aggregate } from '../../functions/aggregate.ts';
import { handler as clusterFanout } from '../../functions/cluster-fanout.ts';
import { handler as finalize } from '../../functions/finalize.ts';
import { handler as subscriberFanout } from '../../functions/subscriber-fanout.ts';
import { atMost } from '../../lib/adapters/in-time.ts';
import { deps } from '../../lib/deps.ts';
import {
  aggregateEvents,
  clusterFanoutEvents,
  extensions,
  secrets,
  subscriberFanoutEvents,
  topics,
} from '../serverless.ts';
import { closeConnections, DRAIN_MS, exposeMetrics } from './process.ts';

/** The name in serverless.yml. */
export const SERVICE = 'emoji-streaming';

/** The functions with Kafka triggers, as in serverless.yml. */
export const triggered = {
  aggregate: { handler: aggregate, events: aggregateEvents, timeout: 60 },
  'cluster-fanout': { handler: clusterFanout, events: clusterFanoutEvents, timeout: 60 },
  'subscriber-fanout': { handler: subscriberFanout, events: subscriberFanoutEvents, timeout: 60 },
};

/**
 * Invokes the functions with Kafka triggers and the scheduled one in this process. `stop` ends the invocations under way
 * and commits their offsets first.
 */
export async function startTriggers() {
  exposeMetrics();
  const log = deps.log.child('triggers');
  const mappings = await startKafkaEvents({
    service: SERVICE,
    functions: triggered,
    resources: { extensions },
    options: { createTopics: topics, secrets, drainTimeoutMs: DRAIN_MS },
    log: { notice: log.info, warning: log.warn, error: log.error, debug: () => undefined },
  });
  new Gauge({
    name: 'emoji_trigger_lag_records',
    help: 'Records that are written but not processed yet, by function and topic.',
    labelNames: ['function', 'topic'],
    collect() {
      for (const { functionName, topic, gauges } of mappings.reports())
        this.set({ function: functionName, topic }, gauges.OffsetLag);
    },
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const schedule = async () => {
    while (!signal.aborted) await finalize({ stop: signal });
  };
  const scheduled = schedule();
  return {
    stop: async () => {
      stopping.abort();
      await atMost(Promise.all([mappings.stop(), scheduled]), DRAIN_MS);
      await closeConnections();
    },
  };
}

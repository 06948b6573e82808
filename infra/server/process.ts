import { AggregatorRegistry, collectDefaultMetrics } from 'prom-client';
import { inTime } from '../../lib/adapters/in-time.ts';
import { deps } from '../../lib/deps.ts';

// What every process of the server does when it starts and ends.

/** How long work under way may take after SIGTERM; Kubernetes and ECS kill after 30 s. */
export const DRAIN_MS = 20_000;
const CLOSE_MS = 2000;

/** Lets the primary process ask for the metrics of this one. */
export const exposeMetrics = (): void => {
  collectDefaultMetrics();
  new AggregatorRegistry();
};

/** Every record is acknowledged by then, so a broker that does not answer need not be waited for. */
export const closeConnections = async (): Promise<void> => {
  await inTime(deps.close(), CLOSE_MS).catch(() => undefined);
};

import type { MappingReport } from '../metrics/report.ts';

export interface RunningMappings {
  reports(): MappingReport[];
  /** Starts no new batches, waits for invocations in flight, commits offsets, and leaves the consumer groups. */
  stop(): Promise<void>;
}

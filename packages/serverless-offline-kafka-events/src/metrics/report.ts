import type { Counts } from './counters.ts';

/** Current values, such as `OffsetLag` (K-76, K-77). */
export interface Gauges {
  /** Number of records that are written but not processed, in all partitions of this group member. */
  readonly OffsetLag: number;
  readonly MaxOffsetLag: number;
  readonly SumOffsetLag: number;
  /** Current number of pollers. AWS has this metric in provisioned mode only. */
  readonly ProvisionedPollers: number;
}

export interface MappingReport {
  readonly functionName: string;
  readonly topic: string;
  readonly consumerGroupId: string;
  readonly counts: Counts;
  readonly gauges: Gauges;
}

export const gaugesOf = (lags: ReadonlyMap<number, number>, pollers: number): Gauges => {
  const sum = [...lags.values()].reduce((total, lag) => total + lag, 0);
  return {
    OffsetLag: sum,
    MaxOffsetLag: Math.max(0, ...lags.values()),
    SumOffsetLag: sum,
    ProvisionedPollers: pollers,
  };
};

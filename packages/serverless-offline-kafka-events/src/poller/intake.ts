import type { BrokerRecord, ConsumerListener } from '../broker/port.ts';
import type { MappingDefinition } from '../config/definition.ts';
import { describeError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Counters } from '../metrics/counters.ts';
import type { Committer } from './committer.ts';
import type { FlowControl } from './flow-control.ts';
import type { PartitionTable } from './partition-table.ts';

export interface IntakeDeps {
  readonly name: string;
  readonly definition: MappingDefinition;
  readonly table: PartitionTable;
  readonly flow: FlowControl;
  readonly committer: Committer;
  /** Selects the records that are delivered; all of them when undefined. */
  readonly filter: ((record: BrokerRecord) => boolean) | undefined;
  readonly ready: (partitions: number) => void;
  /** Called when records were added to the buffer of the partition with this index (see `PartitionTable`). */
  readonly arrived: (partitionIndex: number) => void;
  readonly counters: Counters;
  readonly log: Log;
  readonly now: () => number;
}

/** How often an unchanged reason for waiting is logged again. */
const REPEAT_WAITING_MS = 30_000;

/** Handles the events of the consumer: filters fetched records and adds them to the buffers (K-64). */
export const intake = (deps: IntakeDeps): ConsumerListener => {
  const { name, definition, table, flow, committer, filter, counters, log, now } = deps;
  const waitingReasons = repeatGuard(now);
  /** A record whose filter throws is delivered: it must neither block its partition nor be lost. */
  const passes = (record: BrokerRecord): boolean => {
    try {
      return filter?.(record) ?? true;
    } catch (error) {
      const { partition, offset } = record;
      const where = `offset ${offset} of partition ${partition}`;
      log.warning(`${name}: the filter failed for ${where}, so the record is delivered: ${describeError(error)}`);
      return true;
    }
  };
  let readyPartitions: number | undefined;
  return {
    revoked: () => {
      table.revoked();
      flow.reset();
    },
    assigned: (partitions) => {
      flow.reset();
      return table.assigned(partitions);
    },
    ready: (count) => {
      if (readyPartitions !== count) {
        const batch = `batch ${definition.batchSize} / ${definition.windowMs / 1000} s`;
        log.notice(`${name} (group ${definition.groupId}, ${count} partitions, ${batch}) ready`);
      }
      readyPartitions = count;
      waitingReasons.clear();
      void committer.commit();
      deps.ready(count);
    },
    fetched: (partition, polled, nextOffset, highWatermark) => {
      const records = filter ? polled.filter(passes) : polled;
      counters.add('PolledEventCount', polled.length);
      counters.add('FilteredOutEventCount', polled.length - records.length);
      const first = polled[0]?.offset;
      if (!table.add(partition, { first, records, nextOffset, highWatermark })) {
        const restart = `the offsets of partition ${partition} start again at ${first ?? nextOffset}`;
        log.warning(`${name}: ${restart}, as after the topic was created again; reading continues there`);
      }
      if (records.length === 0) return committer.commitSoon();
      flow.pauseIfFull(partition);
      deps.arrived(table.indexOf(partition));
    },
    waiting: (reason) => {
      counters.add('PollingErrorCount');
      if (waitingReasons.shouldLog(reason)) log.notice(`${name} waits: ${reason}`);
    },
    failed: (error) => {
      counters.add('PollingErrorCount');
      log.error(`${name} stopped: ${describeError(error)}`);
    },
  };
};

/** Limits repeated log lines: a reason is logged when it changes, and again after `REPEAT_WAITING_MS`. */
const repeatGuard = (now: () => number): { shouldLog: (reason: string) => boolean; clear: () => void } => {
  let last = { reason: '', at: 0 };
  return {
    shouldLog: (reason) => {
      if (reason === last.reason && now() - last.at < REPEAT_WAITING_MS) return false;
      last = { reason, at: now() };
      return true;
    },
    clear: () => (last = { reason: '', at: 0 }),
  };
};

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
  /** Which records reach the function; all when undefined. */
  readonly filter: ((record: BrokerRecord) => boolean) | undefined;
  readonly ready: (partitions: number) => void;
  /** Records of the partition of this rank are there. */
  readonly arrived: (rank: number) => void;
  readonly counters: Counters;
  readonly log: Log;
  readonly now: () => number;
}

const REPEAT_WAITING_MS = 30_000;

/** What comes from the broker, on its way into the buffers: poll, filter, buffer (K-64). */
export const intake = (deps: IntakeDeps): ConsumerListener => {
  const { name, definition, table, flow, committer, filter, counters, log, now } = deps;
  const waits = repeatGuard(now);
  /** One record never stops its partition: what cannot be filtered is delivered, since nothing may be lost. */
  const passes = (record: BrokerRecord): boolean => {
    try {
      return filter?.(record) ?? true;
    } catch (error) {
      const { partition, offset } = record;
      log.warning(
        `${name}: offset ${offset} of partition ${partition} is delivered unfiltered: ${describeError(error)}`,
      );
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
      waits.clear();
      void committer.commit();
      deps.ready(count);
    },
    records: (partition, polled, next, end) => {
      const records = filter ? polled.filter(passes) : polled;
      counters.add('PolledEventCount', polled.length);
      counters.add('FilteredOutEventCount', polled.length - records.length);
      const first = polled[0]?.offset;
      if (!table.add(partition, { first, records, next, end })) {
        log.warning(`${name}: offsets of partition ${partition} went back to ${first ?? next}; following them`);
      }
      if (records.length === 0) return committer.commitSoon();
      flow.pauseIfFull(partition);
      deps.arrived(table.rank(partition));
    },
    waiting: (reason) => {
      counters.add('PollingErrorCount');
      if (waits.isNews(reason)) log.notice(`${name} waits: ${reason}`);
    },
    failed: (error) => {
      counters.add('PollingErrorCount');
      log.error(`${name} stopped: ${describeError(error)}`);
    },
  };
};

/** Lets a reason through when it changes, and again after a while. */
const repeatGuard = (now: () => number): { isNews: (reason: string) => boolean; clear: () => void } => {
  let last = { reason: '', at: 0 };
  return {
    isNews: (reason) => {
      if (reason === last.reason && now() - last.at < REPEAT_WAITING_MS) return false;
      last = { reason, at: now() };
      return true;
    },
    clear: () => (last = { reason: '', at: 0 }),
  };
};

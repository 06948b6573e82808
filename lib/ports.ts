import type { Caller } from './domain/access.ts';
import type { BucketBatch } from './domain/counting.ts';
import type { Frame, RoomCounts } from './domain/frame.ts';
import type { Client, Registration, SubscriberRef } from './domain/registration.ts';
import type { OffsetRange, StreamRecord } from './domain/stream.ts';

/** ms since the epoch. */
export type Clock = () => number;

/** Tells who calls. */
export interface Authenticator {
  /**
   * @param authorization the header, as it came
   * @throws PlatformError `unauthorized` unless it proves who calls; `keys_unavailable` when that can't be checked now.
   */
  authenticate(authorization: string | undefined): Promise<Caller>;
}

/** A record to be written. Without `partition` and `key` it may go to any partition, spread evenly. */
export interface OutgoingRecord {
  value: string;
  key?: string;
  partition?: number;
}

/** The stream. */
export interface RecordLog {
  /**
   * Resolves once every record is acknowledged by all in-sync replicas, each written once, however often the network
   * made us try. In order per key and partition for calls that do not overlap.
   * @throws PlatformError `broker_unavailable` when that takes too long; the records may then have been written or not.
   * `not_found` when the topic lacks a partition that a record names; nothing is written then.
   * `overloaded` when too much is under way already: none is written.
   */
  append(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
}

/** How far a topic partition is counted in a bucket. */
export interface Progress {
  /** The highest offset counted; -1 when none is. */
  offset: number;
  /** The latest record time (ms) up to there; -1 when there is none. */
  newest: number;
}

/** `topic-partition` → progress. */
export type ProgressMap = ReadonlyMap<string, Progress>;

/** What `apply` did with one bucket's batch. */
export type BucketOutcome =
  | {
      bucket: number;
      state: 'counted';
      /** The rooms that the batch touches, with the windows that it touches, after the batch. */
      rooms: RoomCounts[];
      /**
       * Partitions of which only the first part had been counted before. Nothing of such a partition was counted now:
       * apply what lies behind that progress again.
       */
      partial: ProgressMap;
    }
  /** The batch does not continue what is stored: counts are missing before it. Nothing was counted. */
  | { bucket: number; state: 'behind'; progress: ProgressMap }
  /** What is stored was counted from another topic of that name. Nothing was counted. */
  | { bucket: number; state: 'other_topic' }
  /** Parts of what is stored are missing or can't be read. Nothing was counted. */
  | { bucket: number; state: 'damaged' };

/** A window that is over, with its rooms. */
export interface OverdueWindow {
  bucket: number;
  start: number;
  rooms: RoomCounts[];
}

/**
 * Counts per room, window and emoji, in a fixed number of buckets. A bucket's counts and its progress (which offsets
 * they hold) are written by one atomic step and are lost together, so that `apply` sees by itself when counts are
 * missing: the store was emptied, or replaced by a copy that lags behind. What is missing is counted again from the
 * topic. Every count is cumulative and only grows.
 */
export interface CountStore {
  readonly buckets: number;
  /**
   * Adds each bucket's batch, all or nothing a bucket and partition: a part that was counted before changes nothing.
   * Of taps with the same id that the broker appended within the configured time, the first one counts.
   * @param recount whether the taps are older ones, counted again: windows that are over for long are not reported again.
   * @throws PlatformError `store_unavailable`; each bucket's batch may then have been counted or not: apply it again.
   */
  apply(batches: readonly BucketBatch[], now: number, recount?: boolean): Promise<BucketOutcome[]>;
  /** The progress of every bucket, in order, of these `topic-partition`s; those never counted have offset -1. */
  progress(topicPartitions: readonly string[]): Promise<ProgressMap[]>;
  /** Removes everything that is stored of a bucket. */
  discard(bucket: number): Promise<void>;
  /** Windows that are over and not yet settled, of all buckets; a bounded number at a time. */
  overdue(now: number): Promise<OverdueWindow[]>;
  /** Does not report these windows again, unless a tap was counted in them after `now`. */
  settle(windows: readonly OverdueWindow[], now: number): Promise<void>;
  /** Removes windows and silent rooms that are older than the configured retention. */
  trim(now: number): Promise<void>;
  /** The newest windows of a room, the newest first. */
  snapshot(room: string): Promise<Omit<RoomCounts, 'room'>>;
}

/** Records of a topic, and the offsets that are read with them. */
export interface StreamChunk {
  records: readonly StreamRecord[];
  /** At most one range a partition. Offsets that hold no record (control records, compaction) are covered too. */
  covered: readonly OffsetRange[];
  /** What of the covered ranges the topic does not hold any more. */
  lost: readonly OffsetRange[];
}

/** The stream, read once more. */
export interface RecordReader {
  /**
   * Reads what the topic still holds of each range, in order per partition. The chunks cover the ranges from their
   * beginnings to their ends, without a gap and one at a time.
   * @throws PlatformError `broker_unavailable`, and whatever `take` throws.
   */
  read(topic: string, ranges: readonly OffsetRange[], take: (chunk: StreamChunk) => Promise<void>): Promise<void>;
  /** What a consumer group reads next of each `topic-partition`; partitions that it has never read are left out. */
  committed(group: string, topic: string): Promise<Map<string, number>>;
  /** Where each `topic-partition` ends: the offset of the next record to be written. */
  ends(topic: string): Promise<Map<string, number>>;
}

export interface Assignment extends SubscriberRef {
  client: string;
}

/**
 * Who watches what, and which subscriber serves them. Every change is atomic. An entry that is damaged costs its own
 * room or client only: reading leaves it out and says so, and registering again mends it.
 */
export interface Registry {
  /**
   * Assigns the client to the least loaded subscriber of its cluster (without one, of the least loaded cluster). A
   * client that is known keeps its subscriber while room and cluster stay the same, and is never counted twice.
   * @param source where the registration comes from
   * @throws PlatformError `invalid_request` when the cluster is unknown or has no subscriber, `rate_limited` when there
   * is no place for one more client, or for one more from that source.
   */
  register(registration: Registration, now: number, source?: string): Promise<Assignment>;
  /** Whether the client was known. */
  unregister(clientId: string): Promise<boolean>;
  /** Unregisters the clients whose time to live is over; how many there were. */
  expire(now: number): Promise<number>;
  /** The subscribers that have a client in each room; rooms that nobody watches are left out. */
  audience(rooms: readonly string[]): Promise<Map<string, SubscriberRef[]>>;
  /** The clients of one subscriber in each room. */
  clients(subscriber: SubscriberRef, rooms: readonly string[]): Promise<Map<string, Client[]>>;
  /** cluster → subscriber → number of clients */
  loads(): Promise<Map<number, Map<number, number>>>;
  addSubscriber(subscriber: SubscriberRef): Promise<boolean>;
  /**
   * Removes a subscriber and spreads its clients over the others of its cluster; how many were moved.
   * @throws PlatformError `not_found`, or `invalid_request` when it is the last one of its cluster.
   */
  removeSubscriber(subscriber: SubscriberRef): Promise<number>;
}

/** The limits that something may be charged to. */
export type LimitName =
  | 'user'
  | 'address'
  | 'room'
  | 'register'
  | 'live'
  | 'new-rooms-user'
  | 'new-rooms-address'
  | 'destination'
  | 'destination-host';

export interface Charge {
  limit: LimitName;
  /** Whose: a user, an address, a room, a host, or a host with a port. */
  key: string;
  points: number;
}

/** What came of a call, as told of one of its charges: the first to be over, else the one with the least left. */
export interface Verdict {
  charge: Charge;
  taken: boolean;
  /** What may be taken at once, and in how many seconds as much comes back. */
  burst: number;
  seconds: number;
  remaining: number;
  /** How long (ms) until all is back or, when it was not taken, until the charge can be. */
  waitMs: number;
}

/** Who may do how much, across all processes. */
export interface RateLimiter {
  /**
   * Takes all charges, or none when one of them is too much. Undefined when nothing of it is limited. Never waits for
   * long.
   * @throws PlatformError `store_unavailable`; something may then have been taken or not.
   */
  charge(charges: readonly Charge[]): Promise<Verdict | undefined>;
}

/** The rooms that are active, of which there is a largest number. */
export interface Rooms {
  /** Those of the rooms that are not active. @throws PlatformError `store_unavailable` */
  inactive(rooms: readonly string[], now: number): Promise<string[]>;
  /**
   * Counts the rooms as active now, or none of them when there would be too many; those are told. Never waits for long.
   * @throws PlatformError `store_unavailable`
   */
  admit(rooms: readonly string[], now: number): Promise<string[]>;
}

/** Grants a room's turn to send: at most one in a second, across all processes. */
export interface Pacer {
  /** For each room: 0 when the turn is granted, else how long (ms) until the next one can be: never more than a turn. */
  claim(rooms: readonly string[]): Promise<Map<string, number>>;
}

/** Brings frames to the viewers of a room. */
export interface Delivery {
  /**
   * Resolves when the frame has been handed to every viewer that can take it now, or after a bound: a slow or dead
   * viewer delays no other. Newer counts replace older ones that a viewer has not taken yet; none is left out for good.
   * @throws PlatformError `store_unavailable` when nobody can tell who the viewers are.
   */
  publish(room: string, frame: Frame): Promise<void>;
}

import type { Caller } from './domain/access.ts';
import type { BucketBatch } from './domain/counting.ts';
import type { Frame, RoomCounts } from './domain/frame.ts';
import type {
  Client,
  ClientOf,
  ConnectionRegistration,
  Registered,
  Registration,
  SubscriberRef,
} from './domain/registration.ts';
import type { OffsetRange, StreamRecord } from './domain/stream.ts';

/** ms since the epoch. */
export type Clock = () => number;

/** Identifies the caller of a request. */
export interface Authenticator {
  /**
   * @param authorization the Authorization header as received
   * @throws PlatformError `unauthorized` unless the token is valid; `keys_unavailable` when it can't be verified now.
   */
  authenticate(authorization: string | undefined): Promise<Caller>;
}

/** A record to be written. Records without `partition` and `key` are spread evenly over the partitions. */
export interface OutgoingRecord {
  value: string;
  key?: string;
  partition?: number;
}

/** Writes to Kafka topics. */
export interface RecordLog {
  /**
   * Resolves once all in-sync replicas have acknowledged every record. Each record is written once, even after retries.
   * Calls that do not overlap are written in order, per key and partition.
   * @throws PlatformError `broker_unavailable` when that takes too long; the records may or may not have been written.
   * `not_found` when the topic lacks a partition that a record names; nothing is written then.
   * `overloaded` when too many records are being written already; nothing is written then.
   */
  append(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
}

/** Up to where a topic partition has been counted in a bucket. */
export interface Progress {
  /** The highest offset counted; -1 when none is. */
  offset: number;
  /** The latest record time (ms) up to that offset; -1 when there is none. */
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
       * Partitions of which the batch's first part had been counted before. Nothing of such a partition was counted
       * now: apply the records after that progress again.
       */
      partial: ProgressMap;
    }
  /** There is a gap between the progress and the batch: counts are missing. Nothing was counted. */
  | { bucket: number; state: 'behind'; progress: ProgressMap }
  /** The topic was deleted and created again; the stored counts are of the former one. Nothing was counted. */
  | { bucket: number; state: 'topic_recreated' }
  /** Stored data of the bucket is missing or can't be read. Nothing was counted. */
  | { bucket: number; state: 'damaged' };

/** A window whose end and watermark have passed, with its rooms. */
export interface OverdueWindow {
  bucket: number;
  start: number;
  rooms: RoomCounts[];
}

/**
 * Counts per room, window and emoji, in a fixed number of buckets. A bucket's counts and its progress (up to which
 * offsets they go) are written in one atomic step and lost together. So `apply` detects missing counts: the store was
 * emptied, or replaced by a replica that lags behind. Missing counts are counted again from the topic. Every count is
 * cumulative and only grows.
 */
export interface CountStore {
  readonly buckets: number;
  /**
   * Adds each bucket's batch, all or nothing per bucket and partition. Records that were counted before change nothing.
   * Of taps with the same id that the broker appended within the configured time, only the first one counts.
   * @param recount whether older taps are counted again: then windows that ended long ago are not reported again.
   * @throws PlatformError `store_unavailable`; each bucket's batch may or may not have been counted: apply it again.
   */
  apply(batches: readonly BucketBatch[], now: number, recount?: boolean): Promise<BucketOutcome[]>;
  /** For each bucket, its progress in these `topic-partition`s; the offset is -1 where nothing was counted. */
  progress(topicPartitions: readonly string[]): Promise<ProgressMap[]>;
  /** Discards the buckets of which the store has lost a part by itself (evicted keys) since the last call; returns them. */
  discardIncomplete(now: number): Promise<number[]>;
  /** Removes all stored data of a bucket. */
  discard(bucket: number): Promise<void>;
  /** Windows of all buckets that are over and not yet marked as final; a limited number per call. */
  overdue(now: number): Promise<OverdueWindow[]>;
  /** Marks windows as final: `overdue` no longer reports them, unless a tap was counted in them after `now`. */
  markFinal(windows: readonly OverdueWindow[], now: number): Promise<void>;
  /** Removes windows and inactive rooms that are older than the configured retention. */
  trim(now: number): Promise<void>;
  /** The newest windows of a room, the newest first. */
  snapshot(room: string): Promise<Omit<RoomCounts, 'room'>>;
}

/** Records of a topic, with the offset ranges that have been read. */
export interface StreamChunk {
  records: readonly StreamRecord[];
  /** At most one range per partition, including offsets without a record (control records, compaction). */
  covered: readonly OffsetRange[];
  /** The parts of the covered ranges that the topic no longer has. */
  lost: readonly OffsetRange[];
}

/** Reads ranges of a topic again. */
export interface RecordReader {
  /**
   * Reads the records that the topic still has of each range, in order per partition. The chunks cover the ranges
   * completely, without gaps; `take` is called for one chunk at a time.
   * @throws PlatformError `broker_unavailable`, and any error of `take`.
   */
  read(topic: string, ranges: readonly OffsetRange[], take: (chunk: StreamChunk) => Promise<void>): Promise<void>;
  /** The committed offset of a consumer group per `topic-partition`; partitions without a commit are left out. */
  committed(groupId: string, topic: string): Promise<Map<string, number>>;
  /** The end offset of each `topic-partition`: that of the next record to be written. */
  ends(topic: string): Promise<Map<string, number>>;
}

export interface Assignment extends SubscriberRef {
  client: string;
}

/**
 * The registered clients: which room each watches, and which subscriber serves it. Every change is atomic. A damaged
 * entry affects only its own room or client: it is skipped with a log line, and registering again repairs it.
 */
export interface Registry {
  /**
   * Assigns the client to the least loaded subscriber of its cluster (without a cluster, of the least loaded one). A
   * registered client keeps its subscriber while room and cluster stay the same, and is never counted twice.
   * @param address the client address of the registration
   * @throws PlatformError `invalid_request` when the cluster is unknown or has no subscriber, `rate_limited` when
   * there are too many clients, in total or from that address.
   */
  register(registration: Registration | ConnectionRegistration, now: number, address?: string): Promise<Assignment>;
  /**
   * Begins the time to live of a registration anew, without moving the client.
   * @returns its room; undefined when the client is not registered, or its entry is damaged
   */
  refresh(clientId: string, now: number): Promise<string | undefined>;
  /** The registration of a client; undefined when it is not registered, or its entry is damaged. */
  find(clientId: string): Promise<Registered | undefined>;
  /** Returns whether the client was registered. */
  unregister(clientId: string): Promise<boolean>;
  /** Unregisters the clients whose time to live is over. Returns their number. */
  expire(now: number): Promise<number>;
  /** The subscribers with clients in each room; rooms without clients are left out. */
  audience(rooms: readonly string[]): Promise<Map<string, SubscriberRef[]>>;
  /** The clients of one subscriber in each room. */
  clients(subscriber: SubscriberRef, rooms: readonly string[]): Promise<Map<string, Client[]>>;
  /** cluster → subscriber → number of clients */
  loads(): Promise<Map<number, Map<number, number>>>;
  addSubscriber(subscriber: SubscriberRef): Promise<boolean>;
  /**
   * Removes a subscriber and spreads its clients over the others of its cluster. Returns the number of moved clients.
   * @throws PlatformError `not_found`, or `invalid_request` when it is the only one of its cluster.
   */
  removeSubscriber(subscriber: SubscriberRef): Promise<number>;
}

/** The kinds of rate limits. */
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
  /** The user, address, room, host, or host with port. */
  key: string;
  points: number;
}

/**
 * Result of the most restrictive limit: the first that was exceeded, else the one with the smallest remaining share.
 */
export interface Verdict {
  charge: Charge;
  taken: boolean;
  /** Size of the token bucket, and in how many seconds it refills completely. */
  burst: number;
  seconds: number;
  remaining: number;
  /** Time (ms) until the bucket is full again or, when `taken` is false, until the charge is possible. */
  waitMs: number;
}

/** Rate limits, shared by all processes. */
export interface RateLimiter {
  /**
   * Takes all charges, or none when one of them exceeds its limit. Undefined when no limit applies. Never waits long.
   * @throws PlatformError `store_unavailable`; the charges may or may not have been taken.
   */
  charge(charges: readonly Charge[]): Promise<Verdict | undefined>;
}

/** The active rooms, whose number is limited. */
export interface Rooms {
  /** Those of the rooms that are not active. @throws PlatformError `store_unavailable` */
  inactive(rooms: readonly string[], now: number): Promise<string[]>;
  /**
   * Reserves the opening of these rooms for the caller, for half a second: of all of them, or of none when another
   * caller has reserved one. Returns whether they are reserved.
   * @throws PlatformError `store_unavailable`
   */
  claim(rooms: readonly string[]): Promise<boolean>;
  /**
   * Marks the rooms as active now, or none of them when there would be too many. Returns the rooms that exceed the
   * limit. Never waits long.
   * @throws PlatformError `store_unavailable`
   */
  admit(rooms: readonly string[], now: number): Promise<string[]>;
}

/** Limits updates to one per room and second, across all processes: a room may send when it is granted a turn. */
export interface Pacer {
  /** For each room: 0 when its turn is granted, else the time (ms) until the next turn, at most one second. */
  claim(rooms: readonly string[]): Promise<Map<string, number>>;
}

/** Sends frames to the viewers of a room. A service that knows its viewers itself implements it directly. */
export interface Delivery {
  /**
   * Resolves when the frame has been handed to every viewer that can receive it now, or after a time limit: a slow or
   * dead viewer delays no other. Newer counts replace older ones that a viewer has not received yet; no count is lost.
   * @throws PlatformError `store_unavailable` when the viewers can't be read.
   */
  publish(room: string, frame: Frame): Promise<void>;
}

/** Sends frames to registered clients that are reached in one way. */
export interface Transport<T extends Client['transport']> {
  /** Resolves like `publish` of `Delivery`, and never rejects. A client that is gone is unregistered. */
  send(clients: readonly ClientOf<T>[], frame: Frame): Promise<void>;
}

/** A client whose transport is absent gets no frames. */
export type Transports = { [T in Client['transport']]?: Transport<T> };

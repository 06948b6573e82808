import type { MSKEvent } from 'aws-lambda';
import type { Caller } from './domain/access.ts';
import type { RoomBatch } from './domain/counting.ts';
import type { Counted, Range, Spans } from './domain/progress.ts';
import type { Client, Registration, SubscriberRef } from './domain/registration.ts';
import type { Frame, WindowTotals } from './domain/update.ts';

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

/** What `apply` says of one room. */
export interface AppliedRoom {
  room: string;
  /** Every window that the batch touches, with its totals after it, and the windows that are over. */
  windows: WindowTotals[];
  /**
   * Partitions of which only a part of the batch had been counted before: the highest offset that was. Nothing of such
   * a partition was counted now; leave out the taps up to that offset and apply again.
   */
  partial: ReadonlyMap<string, number>;
  /** Why the room can't be counted, while others can: what is stored of it is damaged. Nothing of it was counted. */
  failure?: string;
}

/** The newest windows of a room, as `GET /live` shows them. */
export interface RoomSnapshot {
  windows: WindowTotals[];
  totals: ReadonlyMap<string, number>;
  /** Taps that came too late for their window. */
  late: number;
}

/**
 * One generation of counts per room, window and emoji. Every count is cumulative and only ever grows; of late taps there
 * are fewer when one turns out to be the copy of a tap in time. When counts are lost (the store was emptied, or is a copy
 * that lags behind), that shows in `counted` and in what `advance` says: counts are a function of the stream, so what is
 * lost is counted again from there.
 */
export interface Counts {
  /** How far every room has been counted, by `topic-partition`, when the counts were opened. */
  readonly counted: ReadonlyMap<string, Counted>;
  /**
   * Adds each room's batch atomically, each topic partition's part of it at most once: a part whose offsets were
   * counted before changes nothing. Of taps with the same `event_id` that were received within the configured time, one
   * counts. One round trip for all rooms.
   * @param streamTime up to when (ms) every partition has been read: older ids are forgotten. Absent: none.
   * @throws PlatformError `store_unavailable`; a room's batch may then have been counted or not, so apply it again.
   */
  apply(batches: readonly RoomBatch[], now: number, streamTime?: number): Promise<AppliedRoom[]>;
  /** The windows that are over in rooms that have fallen silent. Told again until `settle`. */
  overdue(now: number): Promise<WindowTotals[]>;
  /** Forgets the windows that `apply` or `overdue` reported as final at `now`; those touched since stay. */
  settle(rooms: readonly string[], now: number): Promise<void>;
  /**
   * Notes that all rooms are counted up to the end of each span. False when that can't be said, since counts were lost
   * meanwhile: open them again and count what is missing.
   */
  advance(spans: Spans): Promise<boolean>;
  /** Begins a new generation, which is empty, unless somebody else has done so. */
  discard(): Promise<void>;
}

/** Where the counts are kept. */
export interface WindowStore {
  open(): Promise<Counts>;
  snapshot(room: string, newest: number): Promise<RoomSnapshot>;
}

/** The stream, read once more. */
export interface RecordReader {
  /**
   * Reads what the topic still holds of each range, in order per partition, the ranges side by side. A chunk has the
   * shape of a Lambda event, and the next one comes when it has been taken.
   * @throws PlatformError `broker_unavailable`, and whatever `take` throws.
   */
  read(
    topic: string,
    ranges: readonly Range[],
    take: (chunk: Pick<MSKEvent, 'records'>) => Promise<void>,
  ): Promise<void>;
  /** What a consumer group reads next of each `topic-partition`; partitions that it has never read are left out. */
  committed(group: string, topic: string): Promise<Map<string, number>>;
  /** How many partitions a topic has. */
  partitions(topic: string): Promise<number>;
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
export type LimitName = 'user' | 'address' | 'room' | 'register';

export interface Charge {
  limit: LimitName;
  /** Whose: a user, an address or a room. */
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

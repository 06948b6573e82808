import type { KafkaRecord } from '#kafka-records';

/** One record as every client library can give it (K-07 to K-10). */
export type BrokerRecord = KafkaRecord;

/** What the group knows of a partition when it is assigned to this member. */
export interface AssignedPartition {
  readonly partition: number;
  /** The group's committed offset, `undefined` when it has none. */
  readonly committed: number | undefined;
  /** Where reading starts when nothing newer is known: the commit, else the mapping's starting position (K-30). */
  readonly start: number;
}

/** What the owner of a consumer is told. All calls are synchronous: they must not do I/O or throw. */
export interface ConsumerListener {
  /** The assignment is gone, or about to be replaced: forget what was buffered, no commit can succeed now. */
  revoked(): void;
  /** A new assignment. Returns per partition the offset to read from, at or after `start` or before it. */
  assigned(partitions: readonly AssignedPartition[]): ReadonlyMap<number, number>;
  /** Positions are fixed and records flow: whatever is produced from now on is delivered. */
  ready(partitions: number): void;
  /**
   * Records of one partition in offset order, perhaps none. `next` is the offset after the last one read, past control
   * records and compacted gaps; `end` is the partition's high watermark.
   */
  records(partition: number, records: readonly BrokerRecord[], next: number, end: number): void;
  /** Something is in the way (topic missing, broker away); the consumer keeps trying by itself. */
  waiting(reason: string): void;
  /** The consumer gave up: only a changed configuration helps. */
  failed(error: Error): void;
}

/**
 * A member of a consumer group on one topic. It joins, resumes after broker restarts, and heartbeats while records
 * are being processed elsewhere; it never commits by itself.
 */
export interface BrokerConsumer {
  start(listener: ConsumerListener): void;
  pause(partition: number): void;
  resume(partition: number): void;
  /**
   * Commits the next offset to read, per partition. Resolves once the broker has stored them.
   * @throws KafkaEventsError COMMIT_FENCED when the group has moved on; the next `assigned` tells the truth.
   */
  commit(offsets: ReadonlyMap<number, number>): Promise<void>;
  /** Leaves the group and closes every connection. */
  stop(): Promise<void>;
}

export type StartingPosition =
  | { readonly kind: 'TRIM_HORIZON' | 'LATEST' }
  | { readonly kind: 'AT_TIMESTAMP'; readonly timestampMs: number };

export interface ConsumerOptions {
  readonly topic: string;
  readonly groupId: string;
  readonly startingPosition: StartingPosition;
  /** A member that is silent for this long loses its partitions, in milliseconds. */
  readonly sessionTimeoutMs: number;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly retentionMs?: number | undefined;
  /** Further settings, by Kafka's names. */
  readonly config?: Readonly<Record<string, string>> | undefined;
}

export interface BrokerRecordToSend {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
}

/** How to connect. Nothing: PLAINTEXT. */
export interface Security {
  /** PEM texts; an empty object is TLS with the usual authorities. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly passphrase?: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

/** One client library, connected to one cluster. */
export interface Broker {
  /** `host:port` pairs joined with `,`, as the event carries them (K-03). */
  readonly bootstrapServers: string;
  consumer(options: ConsumerOptions): BrokerConsumer;
  /** Creates what is missing and adds partitions where there are fewer. Existing data stays. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Appends to a topic, acknowledged by all replicas. Without a key: round robin. */
  send(topic: string, records: readonly BrokerRecordToSend[]): Promise<void>;
  close(): Promise<void>;
}

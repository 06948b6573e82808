import type { KafkaRecord } from '#kafka-records';

/** One record, independent of the client library (K-07 to K-10). */
export type BrokerRecord = KafkaRecord;

/** The offsets of a partition when it is assigned to this group member. */
export interface AssignedPartition {
  readonly partition: number;
  /** The committed offset of the group, or `undefined` if it has none. */
  readonly committed: number | undefined;
  /** The committed offset, or else the offset of the mapping's starting position (K-30). */
  readonly start: number;
}

/** Receives the events of a consumer. All methods are synchronous; they must not do I/O or throw. */
export interface ConsumerListener {
  /** The assignment has ended or will change: buffered records must be discarded, and commits fail. */
  revoked(): void;
  /** There is a new assignment. Returns the offset to read from, by partition. */
  assigned(partitions: readonly AssignedPartition[]): ReadonlyMap<number, number>;
  /** Reading has started: every record produced from now on is delivered. */
  ready(partitions: number): void;
  /**
   * Records of one partition were fetched, in offset order; the list may be empty. `nextOffset` is the offset after the
   * last one fetched, including control records and compacted gaps.
   */
  fetched(partition: number, records: readonly BrokerRecord[], nextOffset: number, highWatermark: number): void;
  /** The consumer cannot read at the moment (topic missing, broker unreachable) and keeps retrying. */
  waiting(reason: string): void;
  /** The consumer stopped with an error that only a changed configuration can resolve. */
  failed(error: Error): void;
}

/**
 * A member of a consumer group for one topic. It joins the group, rejoins after broker restarts, and sends heartbeats
 * while records are processed. Offsets are committed only by `commit`.
 */
export interface BrokerConsumer {
  start(listener: ConsumerListener): void;
  pause(partition: number): void;
  resume(partition: number): void;
  /**
   * Commits offsets by partition: the next offset to read. Resolves when the broker has stored them.
   * @throws KafkaEventsError COMMIT_FENCED after a rebalance; the next `assigned` call has the committed offsets
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
  /** A member that sends no heartbeat for this time loses its partitions, in milliseconds. */
  readonly sessionTimeoutMs: number;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly retentionMs?: number | undefined;
  /** Further topic settings, by Kafka's names. */
  readonly config?: Readonly<Record<string, string>> | undefined;
}

export interface BrokerRecordToSend {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
}

/** Security settings of a connection; an empty object means PLAINTEXT. */
export interface Security {
  /** Certificates and key in PEM format; an empty object means TLS with the default certificate authorities. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly passphrase?: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

/** A client of one Kafka cluster. */
export interface Broker {
  /** `host:port` pairs joined with `,`, as in the event (K-03). */
  readonly bootstrapServers: string;
  consumer(options: ConsumerOptions): BrokerConsumer;
  /** Creates missing topics, and adds partitions to topics that have fewer. Existing data is kept. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Appends records to a topic; acknowledged by all replicas. Records without a key are distributed round robin. */
  send(topic: string, records: readonly BrokerRecordToSend[]): Promise<void>;
  close(): Promise<void>;
}

/** One record of a topic. Keys, values and header values are raw bytes; `null` and empty are distinct. */
export interface KafkaRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME';
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** In the order of the producer; names may repeat. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[];
}

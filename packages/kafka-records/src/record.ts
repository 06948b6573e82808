/** One record as it stands in a topic. Bytes are raw; `null` and empty stay distinct. */
export interface KafkaRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME';
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** In wire order, repeated names kept. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[];
}

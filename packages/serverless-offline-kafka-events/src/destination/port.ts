import type { Discarded } from '../failure/resolution.ts';

/** Receives records that are discarded (K-48). */
export interface FailureDestination {
  /** For log lines, such as `kafka://orders-failed`. */
  readonly name: string;
  /**
   * Resolves when everything is stored.
   * @throws KafkaEventsError DESTINATION_FAILED: the records count as dropped (K-52)
   */
  send(discarded: Discarded): Promise<void>;
  close(): Promise<void>;
}

import type { Discarded } from '../failure/resolution.ts';

/** An on-failure destination: receives discarded records (K-48). */
export interface FailureDestination {
  /** Name for log lines, such as `kafka://orders-failed`. */
  readonly name: string;
  /**
   * Resolves when all records are stored.
   * @throws KafkaEventsError DESTINATION_FAILED if not; the records count as dropped (K-52)
   */
  send(discarded: Discarded): Promise<void>;
  close(): Promise<void>;
}

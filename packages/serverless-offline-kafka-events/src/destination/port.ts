import type { Discarded } from '../failure/resolution.ts';

/** Where records go that the function will not see again (K-48). */
export interface FailureDestination {
  /** For people: `kafka://orders-failed`. */
  readonly name: string;
  /**
   * Resolves when everything is stored.
   * @throws KafkaEventsError DESTINATION_FAILED: the records count as dropped (K-52)
   */
  send(discarded: Discarded): Promise<void>;
  close(): Promise<void>;
}

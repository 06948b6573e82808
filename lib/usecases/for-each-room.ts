import { PlatformError } from '../errors.ts';
import type { Logger } from '../log.ts';

/** Whether the same work may succeed when the batch comes again: broker or store did not answer. */
export const mayPass = (error: unknown): boolean => error instanceof PlatformError && error.retriable;

/**
 * Works for each room at the same time, none kept back by another's failure. One that may pass is thrown when all are
 * through, so that the batch comes again. One that would only come again is logged with its room, which is left out
 * this once: a batch that can never succeed would block its partition, and counts are cumulative, so that the room's
 * next update tells everything.
 * @param fieldsOf what a log line tells of an item: its room at least
 */
export const forEachRoom = async <T>(
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
  { log, fieldsOf }: { log: Logger; fieldsOf: (item: T) => { room: string } & Record<string, unknown> },
): Promise<void> => {
  const all = [...items];
  const outcomes = await Promise.allSettled(all.map(async (item) => work(item)));
  const failed = outcomes.flatMap((outcome, n) =>
    outcome.status === 'rejected' ? [{ item: all[n] as T, error: outcome.reason as unknown }] : [],
  );
  const passing = failed.find(({ error }) => mayPass(error));
  for (const { item, error } of failed) if (!mayPass(error)) log.error('room left out', { ...fieldsOf(item), error });
  if (passing) throw passing.error;
};

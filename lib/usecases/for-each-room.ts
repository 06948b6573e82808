import { PlatformError } from '../errors.ts';
import type { Logger } from '../log.ts';

/** Whether the work may succeed when the batch is delivered again, because the broker or Redis did not answer. */
export const isRetriable = (error: unknown): boolean => error instanceof PlatformError && error.retriable;

/**
 * Runs `work` for all items in parallel. Retriable errors are rethrown at the end, so that the batch is delivered again;
 * permanent ones are logged and their rooms skipped: a batch that can never succeed would block its partition, and
 * counts are cumulative, so the room's next frame contains the skipped one.
 * @param fieldsOf the log fields of an item, at least its room
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
  const retriable = failed.find(({ error }) => isRetriable(error));
  for (const { item, error } of failed)
    if (!isRetriable(error)) log.error('room skipped', { ...fieldsOf(item), error });
  if (retriable) throw retriable.error;
};

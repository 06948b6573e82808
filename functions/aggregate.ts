import type { MSKEvent } from 'aws-lambda';
import { decodeEvent } from '../lib/adapters/kafka/event.ts';
import { countTaps, publishTotals } from '../lib/aggregation.ts';
import { setAside } from '../lib/dead-letters.ts';
import { deps } from '../lib/deps.ts';
import { reactionSchemas } from '../lib/domain/reaction.ts';
import type { WindowSettings } from '../lib/domain/window.ts';
import type { Logger } from '../lib/log.ts';
import type { Clock, RecordLog, WindowStore } from '../lib/ports.ts';

interface Deps {
  windows: WindowStore;
  records: RecordLog;
  clock: Clock;
  log: Logger;
  settings: WindowSettings & { ratio: number };
  shortCodes: readonly string[];
}

/** A tap that another program wrote may lack `received_at`: the record's own time stands in, if it is one. */
const complete = (value: unknown, timestamp: number): unknown => {
  if (typeof value !== 'object' || value === null || 'received_at' in value) return value;
  const received = new Date(timestamp);
  return Number.isNaN(received.getTime()) ? value : { ...value, received_at: received.toISOString() };
};

/** Kafka `emoji_topic`: counts the batch's taps, each once, and publishes the totals of the windows they touch. */
export const createHandler = ({ windows, records, clock, log, settings, shortCodes }: Deps) => {
  const { reaction: schema } = reactionSchemas(shortCodes);

  return async (event: Pick<MSKEvent, 'records'>): Promise<void> => {
    const now = clock();
    const { records: taps, unreadable } = decodeEvent(event, schema, complete);
    await setAside(records, log, unreadable);
    const totals = await countTaps(
      windows,
      taps.map(({ partition, offset, value }) => ({ partition, offset, reaction: value })),
      settings,
      now,
    );
    await publishTotals(records, totals, settings);
    const final = totals.filter((window) => window.final).map(({ room }) => room);
    await windows.settle([...new Set(final)], now);
  };
};

export const handler = createHandler({
  windows: deps.windows,
  records: deps.records,
  clock: Date.now,
  log: deps.log.child('aggregate'),
  settings: deps.windowSettings,
  shortCodes: deps.config.EMOJI_SHORT_CODES,
});

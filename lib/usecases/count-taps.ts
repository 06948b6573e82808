import type { MSKEvent } from 'aws-lambda';
import { REACTION_GROUP, REACTION_TOPIC, UPDATE_TOPIC } from '../config/topics.ts';
import { decodeEvent } from '../adapters/kafka/event.ts';
import { setAside, type DeadLetter } from './dead-letters.ts';
import { countByRoom, type LoggedReaction } from '../domain/counting.ts';
import { gapsBefore, isAnotherStream, spansOf, streamTime, type Range } from '../domain/progress.ts';
import { reactionSchemas, type Reaction } from '../domain/reaction.ts';
import { toUpdates, type Update, type WindowTotals } from '../domain/update.ts';
import type { WindowSettings } from '../domain/window.ts';
import { PlatformError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Clock, Counts, RecordLog, RecordReader, WindowStore } from '../ports.ts';

/** A room whose taps could not be counted, and why. */
interface DamagedRoom {
  room: string;
  reason: string;
}

/**
 * Counts taps, each exactly once however often and with whatever boundaries its batch is delivered: the store counts a
 * partition's part of a batch whole or not at all, and tells how far it was counted before.
 * @returns the totals of every window that the taps touch, counted now or before, and of the windows that are over.
 */
export const countTaps = async (
  counts: Pick<Counts, 'apply'>,
  taps: readonly LoggedReaction[],
  settings: WindowSettings,
  now: number,
  upTo?: number,
): Promise<{ totals: WindowTotals[]; damaged: DamagedRoom[] }> => {
  const first = await counts.apply([...countByRoom(taps, settings).values()], now, upTo);
  const totals = first.flatMap(({ windows }) => windows);
  const damaged = first.flatMap(({ room, failure }) => (failure === undefined ? [] : [{ room, reason: failure }]));
  for (let applied = first; ;) {
    const partial = new Map(
      applied.flatMap(({ room, partial: parts }) => (parts.size > 0 ? [[room, parts] as const] : [])),
    );
    if (partial.size === 0) return { totals, damaged };
    const rest = taps.filter(({ partition, offset, reaction }) => {
      const counted = partial.get(reaction.room_id)?.get(partition);
      return counted !== undefined && offset > counted;
    });
    applied = await counts.apply([...countByRoom(rest, settings).values()], now, upTo);
    totals.push(...applied.flatMap(({ windows }) => windows));
  }
};

/** Publishes the totals of windows to everyone behind `main_emoji_topic`, keyed by room. */
export const publishTotals = (
  records: RecordLog,
  totals: readonly WindowTotals[],
  settings: { windowMs: number; ratio: number },
): Promise<void> => {
  const updates: Update[] = totals.flatMap((window) => toUpdates(window, settings));
  return records.append(
    UPDATE_TOPIC,
    updates.map((update) => ({ key: update.room_id, value: JSON.stringify(update) })),
  );
};

interface CounterDeps {
  windows: WindowStore;
  records: RecordLog;
  reader: RecordReader;
  clock: Clock;
  log: Logger;
  settings: WindowSettings & { ratio: number };
  shortCodes: readonly string[];
}

type Batch = Pick<MSKEvent, 'records'>;

/** A batch is tried so often when counts are lost under its hands; then it is left to whoever delivers it again. */
const ATTEMPTS = 5;

class CountsLost extends Error {}

/**
 * Who writes a tap has received it before: one that says to have come later than its record (ms) is not to be believed.
 * Two machines' clocks may be this far apart.
 */
const CLOCKS_APART_MS = 3_600_000;
const isEarly = ({ value, timestamp }: { value: Reaction; timestamp: number }): boolean =>
  timestamp > 0 && Date.parse(value.received_at) > timestamp + CLOCKS_APART_MS;

/** A tap that another program wrote may lack `received_at`: the record's own time stands in, if it is one. */
const complete = (value: unknown, timestamp: number): unknown => {
  if (typeof value !== 'object' || value === null || 'received_at' in value) return value;
  const received = new Date(timestamp);
  return timestamp < 0 || Number.isNaN(received.getTime()) ? value : { ...value, received_at: received.toISOString() };
};

/**
 * Counts the stream of taps. What the store holds is a function of the stream: a batch that does not begin where the
 * counts end shows that the store has lost some, and what is missing is read again from the topic first. A batch that
 * is not newer than the counts though its offsets are shows that the topic was made anew: then everything is.
 */
export const createCounter = ({ windows, records, reader, clock, log, settings, shortCodes }: CounterDeps) => {
  const { reaction: schema } = reactionSchemas(shortCodes);

  /** @returns what could not be counted. */
  const countOnce = async (counts: Counts, batch: Batch): Promise<DeadLetter[]> => {
    const now = clock();
    const { records: decoded, unreadable } = decodeEvent(batch, schema, complete);
    const early = new Set(decoded.filter(isEarly));
    const taps = decoded.flatMap((record) => {
      const { partition, offset, value } = record;
      return early.has(record) ? [] : [{ partition, offset, reaction: value }];
    });
    const upTo = streamTime(counts.counted, REACTION_TOPIC, await reader.partitions(REACTION_TOPIC));
    const { totals, damaged } = await countTaps(counts, taps, settings, now, upTo);
    await publishTotals(records, totals, settings);
    const final = totals.filter((window) => window.final).map(({ room }) => room);
    await counts.settle([...new Set(final)], now);
    const reasons = new Map(damaged.map(({ room, reason }) => [room, `room ${room} can not be counted: ${reason}`]));
    if (early.size + reasons.size === 0) return unreadable;
    const uncounted = decoded.flatMap((record) => {
      const { topic, partitionNumber, offset, timestamp, value } = record;
      const reason = early.has(record) ? 'received_at lies after the time of the record' : reasons.get(value.room_id);
      if (reason === undefined) return [];
      const bytes = Buffer.from(JSON.stringify(value)).toString('base64');
      return [{ topic, partition: partitionNumber, offset, timestamp, reason, value: bytes }];
    });
    return [...unreadable, ...uncounted];
  };

  /** What can't be counted was set aside when it was read first. */
  const recount = async (counts: Counts, gaps: readonly Range[]): Promise<void> => {
    log.warn('counts are missing in the store: what the topic still holds of them is counted again', { gaps });
    const next = new Map(gaps.map(({ partition, from }) => [partition, from]));
    await reader.read(REACTION_TOPIC, gaps, async (chunk) => {
      await countOnce(counts, chunk);
      const spans = new Map(
        [...spansOf(chunk.records)].map(([partition, span]) => [
          partition,
          { ...span, first: next.get(partition) ?? span.first },
        ]),
      );
      if (!(await counts.advance(spans))) throw new CountsLost();
      for (const [partition, { last }] of spans) next.set(partition, last + 1);
    });
    const gone = gaps.flatMap(({ partition, to }) => {
      const first = next.get(partition) ?? to;
      return first < to ? [[partition, { first, last: to - 1, newest: -1 }] as const] : [];
    });
    if (!(await counts.advance(new Map(gone)))) throw new CountsLost();
  };

  /** @returns undefined when counts were lost meanwhile. */
  const attempt = async (batch: Batch): Promise<DeadLetter[] | undefined> => {
    const counts = await windows.open();
    if (isAnotherStream(counts.counted, batch.records)) {
      log.warn('the topic has been made anew: its taps are counted from its beginning');
      await counts.discard();
      return undefined;
    }
    const spans = spansOf(batch.records);
    const gaps = gapsBefore(counts.counted, new Map([...spans].map(([partition, { first }]) => [partition, first])));
    if (gaps.length > 0) await recount(counts, gaps);
    const uncounted = await countOnce(counts, batch);
    return (await counts.advance(spans)) ? uncounted : undefined;
  };

  const untilNothingIsLost = async <T>(work: () => Promise<T | undefined>): Promise<T> => {
    for (let n = 0; n < ATTEMPTS; n++) {
      const done = await work().catch((error: unknown) => {
        if (error instanceof CountsLost) return undefined;
        throw error;
      });
      if (done !== undefined) return done;
    }
    throw new PlatformError('store_unavailable', 'Redis loses counts again and again');
  };

  return {
    /** Counts a batch of `emoji_topic` and publishes the totals of the windows that it touches. */
    async count(batch: Batch): Promise<void> {
      await setAside(records, log, await untilNothingIsLost(() => attempt(batch)));
    },

    /**
     * Counts again what the store has lost of the taps that were counted before; they need not wait for the next tap.
     * @returns how many offsets were missing.
     */
    recountLost(): Promise<number> {
      return untilNothingIsLost(async () => {
        // In this order: a batch is committed after it was counted.
        const committed = await reader.committed(REACTION_GROUP, REACTION_TOPIC);
        const counts = await windows.open();
        const gaps = gapsBefore(counts.counted, committed);
        if (gaps.length > 0) await recount(counts, gaps);
        return gaps.reduce((sum, { from, to }) => sum + to - from, 0);
      });
    },
  };
};

export type Counter = ReturnType<typeof createCounter>;

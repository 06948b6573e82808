import { decode } from '@msgpack/msgpack';
import { z } from 'zod';
import type { Progress } from '../../ports.ts';

/** The values that `lua/apply-batch.lua` stores are arrays. */
const stored = z.array(z.union([z.string(), z.number()]));
const header = z.tuple([z.number(), z.number(), z.int().min(0).max(10)]);

export interface StoredRoom {
  totals: Map<string, number>;
  late: number;
  /** Starts of its newest windows, newest first. */
  starts: number[];
  /** Time of the last change (s since the epoch). */
  changedAt: number;
}

type Values = z.infer<typeof stored>;

const valuesOf = (bytes: Uint8Array): Values | undefined => {
  try {
    return stored.safeParse(decode(bytes)).data;
  } catch {
    return undefined; // not MessagePack
  }
};

/** An array of emojis, each with its taps. */
const countsOf = (values: Values): Map<string, number> | undefined => {
  const counts = new Map<string, number>();
  for (let n = 0; n < values.length; n += 2) {
    const [emoji, taps] = [values[n], values[n + 1]];
    if (typeof emoji !== 'string' || typeof taps !== 'number') return undefined;
    counts.set(emoji, taps);
  }
  return counts;
};

/** Undefined when the bytes are not a stored room. */
export const readRoom = (bytes: Uint8Array | null | undefined): StoredRoom | undefined => {
  const values = bytes ? valuesOf(bytes) : undefined;
  const head = header.safeParse(values?.slice(0, 3)).data;
  if (!values || !head) return undefined;
  const [late, changedAt, windows] = head;
  const starts = values.slice(3, 3 + windows).map(Number);
  const totals = countsOf(values.slice(3 + windows));
  return totals && { totals, late, starts, changedAt };
};

/** Undefined when the bytes are not the stored counts of a window. */
export const readCounts = (bytes: Uint8Array | null | undefined): Map<string, number> | undefined => {
  const values = bytes ? valuesOf(bytes) : undefined;
  return values && countsOf(values);
};

const progress = z.tuple([z.number(), z.number()]);

/** The first values of a partition's progress; as if nothing was counted when the bytes are not one. */
export const readProgress = (bytes: Uint8Array | null | undefined): Progress => {
  const [offset, newest] = progress.safeParse((bytes ? valuesOf(bytes) : undefined)?.slice(0, 2)).data ?? [-1, -1];
  return { offset, newest };
};

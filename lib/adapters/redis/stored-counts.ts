import { z } from 'zod';

const emojis = z.record(z.string(), z.number());
/** A room as `lua/apply-batch.lua` stores it. Lua writes an empty list as `{}`. */
const room = z.object({
  c: emojis,
  l: z.number(),
  w: z.union([z.array(z.number()), z.object({}).transform((): number[] => [])]),
  t: z.number(),
});

export interface StoredRoom {
  totals: Map<string, number>;
  late: number;
  /** Starts of its newest windows, newest first. */
  starts: number[];
  /** Time of the last change (s since the epoch). */
  changedAt: number;
}

const parseWith = <T>(schema: z.ZodType<T>, text: string): T | undefined => {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON
  }
};

/** Undefined when the text is not a stored room. */
export const readRoom = (text: string | null | undefined): StoredRoom | undefined => {
  const stored = text ? parseWith(room, text) : undefined;
  return stored && { totals: new Map(Object.entries(stored.c)), late: stored.l, starts: stored.w, changedAt: stored.t };
};

/** Undefined when the text is not the stored counts of a window. */
export const readCounts = (text: string | null | undefined): Map<string, number> | undefined => {
  const stored = text ? parseWith(emojis, text) : undefined;
  return stored && new Map(Object.entries(stored));
};

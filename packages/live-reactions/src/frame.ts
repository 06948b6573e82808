/** A frame, or the answer of `GET /live`, checked. It holds state: the largest count of each key is right. */
export interface RoomState {
  room: string;
  windowMs: number;
  ratio: number;
  windows: { start: number; final: boolean; counts: Counted }[];
  totals: Counted;
  /** When the server published it (ms); NaN if it does not say. */
  at: number;
}

export type Counted = readonly (readonly [emoji: string, count: number])[];

type Json = Record<string, unknown>;

/** `{"🔥": 30}` in frames, `[{"emoji_type": "🔥", "raw_count": 30}]` in the answers of `GET /live` of older servers. */
const counted = (value: unknown): Counted => {
  const entries = Array.isArray(value)
    ? value.map((each: Json) => [each.emoji_type, each.raw_count])
    : Object.entries(value as Json);
  return entries.filter(([, count]) => Number.isFinite(count)) as unknown as Counted;
};

/** @returns undefined for anything else, which a newer server may send */
export const readState = (value: unknown): RoomState | undefined => {
  try {
    const { room_id, window_ms, aggregation_ratio, windows, totals, at } = value as Json;
    if (typeof room_id !== 'string' || !Number.isFinite(window_ms)) return undefined;
    return {
      room: room_id,
      windowMs: window_ms as number,
      ratio: (aggregation_ratio as number) || 1,
      windows: (windows as Json[])
        .map(({ start, final, counts }) => ({
          start: Date.parse(start as string),
          final: final === true,
          counts: counted(counts),
        }))
        .filter(({ start }) => Number.isFinite(start)),
      totals: counted(totals),
      at: Date.parse(at as string),
    };
  } catch {
    return undefined;
  }
};

import { LRUCache } from 'lru-cache';
import type { UpdateLine } from '../../lib/domain/update-line.ts';

/** What one update changed. */
export interface Change {
  /** By how much the window's count has grown. */
  grown: number;
  /** Taps of this emoji in all windows. */
  total: number;
}

/** Number of remembered windows, for more than a day. An update for a forgotten window would count again. */
const MAX_WINDOWS = 100_000;

/** Sums counts over windows, using the largest count of each window and emoji, because counts are cumulative. */
export class Totals {
  readonly #windows = new LRUCache<string, Map<string, number>>({ max: MAX_WINDOWS });
  readonly #totals = new Map<string, number>();

  add({ start, emoji_type, raw_count }: Pick<UpdateLine, 'start' | 'emoji_type' | 'raw_count'>): Change {
    let window = this.#windows.get(start);
    if (!window) this.#windows.set(start, (window = new Map()));
    const grown = Math.max(0, raw_count - (window.get(emoji_type) ?? 0));
    if (grown > 0) window.set(emoji_type, raw_count);
    const total = (this.#totals.get(emoji_type) ?? 0) + grown;
    this.#totals.set(emoji_type, total);
    return { grown, total };
  }

  /** emoji → taps */
  all(): ReadonlyMap<string, number> {
    return this.#totals;
  }
}

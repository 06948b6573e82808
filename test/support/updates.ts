import type { Update } from '../../lib/domain/update.ts';
import { toUpdates } from '../../lib/domain/update.ts';

interface UpdateOptions {
  room?: string;
  /** Of the window, ms since the epoch. */
  start?: number;
  emoji?: string;
  final?: boolean;
}

/** An update of a window of two seconds. */
export const update = (
  count: number,
  { room = 'global', start = 0, emoji = '🔥', final = false }: UpdateOptions = {},
): Update => {
  const [made] = toUpdates({ room, start, final, counts: new Map([[emoji, count]]) }, { windowMs: 2000, ratio: 1000 });
  return made as Update;
};

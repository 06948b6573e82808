import { mergeFrames, type Frame } from '../domain/frame.ts';

/** Maximum number of counts per room that wait for a client; beyond it, the oldest windows are dropped. */
const MAX_COUNTS = 2000;

const sizeOf = (windows: Frame['windows']) => windows.reduce((sum, { counts }) => sum + Object.keys(counts).length, 0);

/** The frames that still have to be sent to a client, merged to one per room. Bounded. */
export class Backlog {
  readonly #frames = new Map<string, Frame>();

  get isEmpty(): boolean {
    return this.#frames.size === 0;
  }

  add(frame: Frame): void {
    const known = this.#frames.get(frame.room_id);
    const merged = known ? mergeFrames(known, frame) : { ...frame };
    // Windows are ordered by start, so the oldest come first.
    let surplus = sizeOf(merged.windows) - MAX_COUNTS;
    while (surplus > 0 && merged.windows.length > 1) {
      const [oldest, ...rest] = merged.windows;
      surplus -= Object.keys(oldest?.counts ?? {}).length;
      merged.windows = rest;
    }
    this.#frames.set(frame.room_id, merged);
  }

  /** Removes and returns the frame of the room that has waited longest, or undefined. */
  take(): Frame | undefined {
    const [frame] = this.#frames.values();
    if (frame) this.#frames.delete(frame.room_id);
    return frame;
  }
}

import type { Frame } from '../../domain/frame.ts';
import { toLines } from '../../domain/update-line.ts';

/** Encodes a frame as newline-delimited JSON, one line per window and emoji. */
export const encodeFrame = (frame: Frame): string =>
  toLines(frame)
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');

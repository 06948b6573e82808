import { begin, locate, type Lane } from './flight.ts';
import { createPool } from './pool.ts';
import { createSprites } from './sprites.ts';
import type { Launch } from './spread.ts';

export interface StageOptions {
  /** Emojis that float at once. */
  capacity: number;
  /** CSS pixels */
  size: number;
  lane?: Lane;
}

/** A canvas on which emojis float. It draws only while some do. */
export interface Stage {
  /** @param x where own emojis begin, from 0 (left) to 1 */
  launch(launches: readonly Launch[], x?: number): void;
  /** How many emojis can be told apart on a canvas of this size, at most the capacity. */
  readonly comfortable: number;
  /** false: the canvas is cleared, nothing is drawn, and what is launched is ignored. */
  setActive(isActive: boolean): void;
}

/** Each emoji gets at least so many times its own area, so that a phone's small stage is not covered. */
const AREA_EACH = 2.5;
const MIN_COMFORTABLE = 24;

/** More pixels per CSS pixel cost time, and are not seen in motion. */
const MAX_SCALE = 2;

export const createStage = (canvas: HTMLCanvasElement, { capacity, size, lane = 'full' }: StageOptions): Stage => {
  const context = canvas.getContext('2d');
  const pool = createPool(capacity);
  const place = { x: 0, y: 0, scale: 0, alpha: 0 };
  const view = { width: 0, height: 0, size };
  let scale = 1;
  let sprites = createSprites(size, scale);
  let frame: number | undefined;
  let isActive = true;

  const resize = () => {
    const { clientWidth: width, clientHeight: height } = canvas;
    const newScale = Math.min(MAX_SCALE, globalThis.devicePixelRatio || 1);
    if (newScale !== scale) sprites = createSprites(size, newScale);
    scale = newScale;
    Object.assign(view, { width, height });
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  };

  const draw = (now: number) => {
    frame = undefined;
    if (!context) return;
    context.globalAlpha = 1;
    context.clearRect(0, 0, canvas.width, canvas.height);
    pool.each(now, (particle) => {
      locate(particle, now, view, place);
      const sprite = sprites(particle.emoji, particle.size);
      context.globalAlpha = place.alpha;
      const [left, top] = [place.x * scale, place.y * scale];
      const width = sprite.width * place.scale;
      // Copying without scaling to whole pixels is several times faster.
      if (place.scale === 1) context.drawImage(sprite, Math.round(left - width / 2), Math.round(top - width / 2));
      else context.drawImage(sprite, left - width / 2, top - width / 2, width, width);
    });
    run();
  };
  const run = () => {
    if (isActive && pool.count > 0) frame ??= requestAnimationFrame(draw);
  };

  new ResizeObserver(resize).observe(canvas);
  resize();
  return {
    get comfortable() {
      const fitting = Math.floor((view.width * view.height) / (size * size * AREA_EACH));
      return Math.min(capacity, Math.max(MIN_COMFORTABLE, fitting));
    },
    launch(launches, x) {
      if (!isActive) return;
      const now = performance.now();
      for (const { emoji, delay, own } of launches) {
        const particle = pool.take(own);
        if (particle) begin(particle, emoji, { at: now + delay, lane, x: own ? x : undefined });
      }
      run();
    },
    setActive(active) {
      if (active === isActive) return;
      isActive = active;
      if (isActive) return;
      if (frame !== undefined) cancelAnimationFrame(frame);
      frame = undefined;
      pool.clear();
      context?.clearRect(0, 0, canvas.width, canvas.height);
    },
  };
};

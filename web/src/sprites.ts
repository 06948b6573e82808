import { SIZES } from './flight.ts';

const MAX_SPRITES = 300;

/** Drawing text is slow, so each emoji is drawn once in each size, and then copied. */
export const createSprites = (size: number, scale: number) => {
  const sprites = new Map<string, HTMLCanvasElement>();

  const draw = (emoji: string, sizeIndex: number) => {
    const pixels = Math.round(size * scale * (SIZES[sizeIndex] ?? 1));
    const canvas = document.createElement('canvas');
    // Emojis are a little wider than their font size; what remains is for the shadow.
    canvas.width = canvas.height = Math.round(pixels * 1.4);
    const context = canvas.getContext('2d');
    if (!context) return canvas;
    context.font = `${pixels}px "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = '#fff'; // of short codes and symbols without colours
    context.shadowColor = 'rgb(0 0 0 / 35%)';
    context.shadowBlur = pixels * 0.1;
    context.shadowOffsetY = pixels * 0.04;
    context.fillText(emoji, canvas.width / 2, canvas.height / 2 + pixels * 0.06, canvas.width);
    return canvas;
  };

  return (emoji: string, sizeIndex: number): HTMLCanvasElement => {
    const key = `${sizeIndex}${emoji}`;
    const known = sprites.get(key);
    if (known) return known;
    // A room where everyone taps another emoji must not fill the memory.
    if (sprites.size >= MAX_SPRITES) sprites.clear();
    const sprite = draw(emoji, sizeIndex);
    sprites.set(key, sprite);
    return sprite;
  };
};

import type { Counts, Totals } from 'live-reactions';
import { setText } from './dom.ts';
import { countOf, type Formats } from './formats.ts';
import { createHold } from './hold.ts';

const PULSE_MS = 700;
const BOUNCE_MS = 220;

interface Entry {
  button: HTMLButtonElement;
  face: HTMLElement;
  count: HTMLElement;
}

const create = (tag: string, className: string, text = '') => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};

/** The bar of emojis: a button each, which taps while it is held, by mouse, finger or keyboard. */
export const createBar = (root: HTMLElement, formats: Formats, tap: (emoji: string) => void) => {
  let entries = new Map<string, Entry>();
  let isStill = false;

  const addEntry = (emoji: string): Entry => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'reaction';
    const face = create('span', 'face', emoji);
    const count = create('span', 'count', '0');
    button.append(face, count);

    const hold = createHold(() => {
      tap(emoji);
      if (!isStill) face.animate([{ scale: 1 }, { scale: 1.35 }, { scale: 1 }], { duration: BOUNCE_MS });
    });
    const start = () => {
      button.classList.add('held');
      hold.start();
    };
    const stop = () => {
      button.classList.remove('held');
      hold.stop();
    };
    button.addEventListener('pointerdown', (event) => {
      if (event.button === 0) start();
    });
    for (const name of ['pointerup', 'pointercancel', 'pointerleave', 'blur', 'keyup'])
      button.addEventListener(name, stop);
    button.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault(); // the click that would follow
      if (!event.repeat) start();
    });
    button.addEventListener('click', (event) => {
      // Assistive technology clicks without a pointer; a click with one has been tapped when it was pressed.
      if (event.detail === 0) tap(emoji);
    });
    button.addEventListener('contextmenu', (event) => event.preventDefault()); // what a long press opens on phones
    return { button, face, count };
  };

  return {
    show(emojis: readonly string[]) {
      entries = new Map(emojis.map((emoji) => [emoji, addEntry(emoji)]));
      root.style.setProperty('--entries', `${entries.size}`);
      root.replaceChildren(...[...entries.values()].map(({ button }) => button));
    },
    setTotals(totals: Totals) {
      for (const [emoji, { button, count }] of entries) {
        const total = countOf(totals, emoji);
        setText(count, formats.compact(total));
        button.title = formats.full(total);
      }
    },
    /** Without motion, a pulse shows which counts have grown. */
    pulse({ added }: Counts) {
      if (!isStill) return;
      for (const [emoji, { count }] of entries)
        if (countOf(added, emoji) > 0) count.animate({ opacity: [0.25, 1] }, { duration: PULSE_MS });
    },
    setStill: (still: boolean) => void (isStill = still),
    /** Where the middle of an emoji's button is, from 0 to 1 of the width of an element. */
    placeOf(emoji: string, within: Element): number | undefined {
      const entry = entries.get(emoji);
      if (!entry) return undefined;
      const { left, width } = entry.button.getBoundingClientRect();
      const frame = within.getBoundingClientRect();
      return Math.min(0.96, Math.max(0.04, (left + width / 2 - frame.left) / frame.width));
    },
  };
};

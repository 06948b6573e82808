import type { Counts } from 'live-reactions';
import { find, setText } from './dom.ts';
import { sum, type Formats } from './formats.ts';
import { createServerClock, linePath, tapsPerWindow } from './sparkline.ts';

const [WIDTH, HEIGHT] = [160, 32];

/** The card with all taps of the room and a line of the last two minutes. */
export const createChart = (formats: Formats) => {
  const line = find('#spark-line', SVGPathElement);
  const area = find('#spark-area', SVGPathElement);
  const chart = find('#spark', SVGSVGElement);
  const total = find('#total', HTMLElement);
  const noun = find('#total-noun', HTMLElement);
  const clock = createServerClock();
  let counts: Counts | undefined;

  const draw = () => {
    if (!counts) return;
    const taps = tapsPerWindow(counts.windows, counts.windowMs, clock.time(Date.now()));
    const path = linePath(taps, WIDTH, HEIGHT);
    line.setAttribute('d', path);
    area.setAttribute('d', `${path}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`);
    const recent = taps.reduce((all, each) => all + each, 0);
    const peak = formats.full(Math.max(...taps));
    const text = `Last two minutes: ${formats.some(recent, 'tap')}, at most ${peak} in ${counts.windowMs / 1000} s`;
    chart.setAttribute('aria-label', text);
  };
  return {
    setCounts(next: Counts) {
      clock.learn(next.windows, Date.now());
      counts = next;
      draw();
    },
    setTotals(totals: Counts['added']) {
      const all = sum(totals);
      setText(total, formats.compact(all));
      setText(noun, all === 1 ? 'reaction' : 'reactions');
    },
    /** The line moves on while nobody taps. */
    draw,
  };
};

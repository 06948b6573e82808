import Table from 'cli-table3';
import type { UpdateLine } from '../../lib/domain/update-line.ts';
import { count } from './table.ts';

type Row = Pick<UpdateLine, 'start' | 'end' | 'emoji_type' | 'raw_count'>;

const BAR = 24;
/** A terminal has few rows; the emojis with the largest totals are shown. */
const MAX_ROWS = 15;

const time = (iso: string) => new Date(iso).toTimeString().slice(0, 8);

/** A room as a table: each emoji's count in the newest window, its total and its share of the window as a bar. */
export class ClientTable {
  readonly #room: string;
  #window = { start: '', end: '', counts: new Map<string, number>() };

  constructor(room: string) {
    this.#room = room;
  }

  /** An update of an older window changes totals only. */
  add({ start, end, emoji_type, raw_count }: Row): void {
    if (start > this.#window.start) this.#window = { start, end, counts: new Map() };
    const { counts } = this.#window;
    if (start === this.#window.start) counts.set(emoji_type, Math.max(raw_count, counts.get(emoji_type) ?? 0));
  }

  /** @param width columns of the terminal @param height lines of the terminal */
  render(totals: ReadonlyMap<string, number>, { width = 80, height = 24 } = {}): string {
    const { start, end, counts } = this.#window;
    if (start === '') return `${this.#room}: nothing yet`;
    const sorted = [...totals].sort(([, a], [, b]) => b - a);
    const shown = sorted.slice(0, Math.max(1, Math.min(MAX_ROWS, height - 6)));
    const most = Math.max(1, ...counts.values());
    const bar = Math.max(4, Math.min(BAR, width - 48));
    const table = new Table({
      head: ['', 'in the window', 'in total', ''],
      colAligns: ['left', 'right', 'right', 'left'],
      chars: Object.fromEntries(EDGES.map((edge) => [edge, ''])),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    });
    for (const [emoji, total] of shown) {
      const taps = counts.get(emoji) ?? 0;
      table.push([emoji, count(taps), count(total), '█'.repeat(Math.round((taps / most) * bar))]);
    }
    const sum = (values: Iterable<number>) => [...values].reduce((all, each) => all + each, 0);
    const more = sorted.length - shown.length;
    return [
      `${this.#room}   window ${time(start)} to ${time(end)}: ${count(sum(counts.values()))}   total: ${count(sum(totals.values()))}`,
      '',
      table.toString(),
      ...(more > 0 ? [`and ${count(more)} more`] : []),
    ].join('\n');
  }
}

const EDGES = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
  ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
];

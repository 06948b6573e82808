/**
 * Formats rows of text in columns. The columns in `left` (by default the first) are aligned left, the others, usually
 * numbers, right.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[] = [0],
): string[] {
  const widths = head.map((title, n) => Math.max(title.length, ...rows.map((row) => row[n]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    widths
      .map((width, n) => (left.includes(n) ? (cells[n] ?? '').padEnd(width) : (cells[n] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map(line);
}

const grouped = new Intl.NumberFormat('en');

/** 12,345 */
export const count = (value: number): string => grouped.format(Math.round(value));

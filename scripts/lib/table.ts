/**
 * Rows of text in aligned columns: those of `left` aligned left (by default the first), the others, numbers
 * as a rule, to the right.
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

/** Draws a block of lines over the one before. */
export function screen(terminal: NodeJS.WriteStream): (lines: readonly string[]) => void {
  let height = 0;
  return (lines) => {
    // A line that wrapped, or a block that scrolled, could not be drawn over.
    const { columns = 80, rows = 24 } = terminal;
    const shown = lines.slice(0, rows - 1).map((line) => line.slice(0, columns - 1));
    terminal.write(`${height > 0 ? `\x1b[${height}A` : ''}\x1b[0J${shown.join('\n')}\n`);
    height = shown.length;
  };
}

/** Text of strangers for a terminal: what would steer it, or turn the direction of writing, is written out. */
export const printable = (text: string): string =>
  text.replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);

/** The same in one line. */
export const printableLine = (text: string): string => printable(text).replace(/\s+/g, ' ');

/** Draws a block of lines over the previous one. */
export function screen(terminal: NodeJS.WriteStream): (lines: readonly string[]) => void {
  let height = 0;
  return (lines) => {
    // Wrapped lines or a scrolled block could not be overwritten.
    const { columns = 80, rows = 24 } = terminal;
    const shown = lines.slice(0, rows - 1).map((line) => line.slice(0, columns - 1));
    terminal.write(`${height > 0 ? `\x1b[${height}A` : ''}\x1b[0J${shown.join('\n')}\n`);
    height = shown.length;
  };
}

/** Makes untrusted text safe for a terminal: control characters and bidirectional controls are escaped. */
export const printable = (text: string): string =>
  text.replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);

/** The same in one line. */
export const printableLine = (text: string): string => printable(text).replace(/\s+/g, ' ');

const CRLF = Buffer.from('\r\n');

/** The end of the value (Redis protocol, version 2) that begins at `at`; undefined while it is incomplete. */
const endOfValue = (data: Buffer, at: number): number | undefined => {
  const line = data.indexOf(CRLF, at);
  if (line < 0) return undefined;
  const after = line + CRLF.length;
  const length = () => Number(data.toString('latin1', at + 1, line));
  switch (String.fromCharCode(data[at] ?? 0)) {
    case '$': {
      const end = length() < 0 ? after : after + length() + CRLF.length;
      return end <= data.length ? end : undefined;
    }
    case '*': {
      let end: number | undefined = after;
      for (let left = length(); left > 0 && end !== undefined; left--) end = endOfValue(data, end);
      return end;
    }
    default:
      return after; // a line: a simple string, an error, an integer or an inline command
  }
};

/** The name and arguments of a command. */
export const wordsOf = (command: Buffer): string[] => {
  if (command[0] !== '*'.charCodeAt(0)) return command.toString().trim().split(/\s+/);
  const words: string[] = [];
  for (let at = command.indexOf(CRLF) + CRLF.length; at < command.length;) {
    const end = endOfValue(command, at) ?? command.length;
    words.push(command.toString('utf8', command.indexOf(CRLF, at) + CRLF.length, end - CRLF.length));
    at = end;
  }
  return words;
};

/** Splits a stream of bytes into complete values, however it is divided into chunks. */
export const valueCutter = () => {
  let rest: Buffer = Buffer.alloc(0);
  return (data: Buffer): Buffer[] => {
    rest = rest.length > 0 ? Buffer.concat([rest, data]) : data;
    const values: Buffer[] = [];
    for (let end = endOfValue(rest, 0); end !== undefined; end = rest.length > 0 ? endOfValue(rest, 0) : undefined) {
      values.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    return values;
  };
};

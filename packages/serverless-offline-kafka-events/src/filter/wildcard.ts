import { PatternError } from './pattern-error.ts';

/** `*` matches any sequence of characters; `\*` and `\\` match an asterisk and a backslash. */
export const wildcard = (pattern: string): ((value: string) => boolean) => {
  if (/\\(?![*\\])/.test(pattern.replace(/\\[*\\]/g, ''))) {
    throw new PatternError(`wildcard ${JSON.stringify(pattern)}: a backslash is allowed only before * or \\`);
  }
  if (/\*\*/.test(pattern.replace(/\\[*\\]/g, '_'))) {
    throw new PatternError(`wildcard ${JSON.stringify(pattern)}: two consecutive * are not allowed`);
  }
  const parts = pattern
    .split(/(\\[*\\]|\*)/)
    .filter((part) => part !== '')
    .reduce<string[]>(
      (list, part) => {
        if (part === '*') list.push('');
        else list.push((list.pop() ?? '') + (part.startsWith('\\') ? part.slice(1) : part));
        return list;
      },
      [''],
    );
  const first = parts[0] ?? '';
  const last = parts.length > 1 ? (parts[parts.length - 1] ?? '') : undefined;
  if (last === undefined) return (value) => value === first;
  const middle = parts.slice(1, -1);
  // The leftmost match of a part leaves the most text for the following parts, so no backtracking is needed.
  return (value) => {
    if (!value.startsWith(first) || !value.endsWith(last)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = value.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= value.length - last.length;
  };
};

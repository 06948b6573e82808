import { PatternError } from './pattern-error.ts';

/** `*` is any run of characters; `\*` and `\\` are themselves. */
export const wildcard = (pattern: string): ((value: string) => boolean) => {
  if (/\\(?![*\\])/.test(pattern.replace(/\\[*\\]/g, ''))) {
    throw new PatternError(`wildcard ${JSON.stringify(pattern)}: a backslash may only stand before * or \\`);
  }
  if (/\*\*/.test(pattern.replace(/\\[*\\]/g, '_'))) {
    throw new PatternError(`wildcard ${JSON.stringify(pattern)}: two * in a row`);
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
  // Leftmost matches leave the most room for what follows: no backtracking, whatever the value.
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

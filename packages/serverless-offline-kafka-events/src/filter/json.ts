export type Json = null | boolean | number | string | NumberText | Json[] | { [key: string]: Json };

/** A JSON number as it was written: plain numbers match by their text, 300 is not 300.0 (K-63). */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const NUMBER_OR_STRING = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Written in front of a number to make it a string; a string that begins with it gets another one. */
const MARK = '\\u0000';

/**
 * Parses JSON and keeps how numbers were written: they come out as strings behind a NUL, see `scalarOf`.
 * @throws SyntaxError
 */
export const parseKeepingNumbers = (text: string): Json => {
  JSON.parse(text);
  return JSON.parse(
    text.replace(NUMBER_OR_STRING, (token) =>
      token[0] !== '"' ? `"${MARK}${token}"` : token.startsWith(`"${MARK}`) ? `"${MARK}${token.slice(1)}` : token,
    ),
  ) as Json;
};

/** A leaf of what `parseKeepingNumbers` gave. */
export const scalarOf = (leaf: Json): Json => {
  if (typeof leaf !== 'string' || leaf[0] !== '\0') return leaf;
  return leaf[1] === '\0' ? leaf.slice(1) : new NumberText(leaf.slice(1));
};

export const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText);

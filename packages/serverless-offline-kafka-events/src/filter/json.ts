export type Json = null | boolean | number | string | NumberText | Json[] | { [key: string]: Json };

/** The text of a JSON number. Plain numbers in patterns match by their text: 300 does not match 300.0 (K-63). */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const NUMBER_OR_STRING = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Prefix of a string that represents a number. A string that itself begins with it gets a second one. */
const MARK = '\\u0000';

/**
 * Parses JSON and keeps the text of numbers: each becomes a string that begins with NUL, see `scalarOf`.
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

/** Converts a leaf in the result of `parseKeepingNumbers`: marked strings become `NumberText`. */
export const scalarOf = (leaf: Json): Json => {
  if (typeof leaf !== 'string' || leaf[0] !== '\0') return leaf;
  return leaf[1] === '\0' ? leaf.slice(1) : new NumberText(leaf.slice(1));
};

export const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText);

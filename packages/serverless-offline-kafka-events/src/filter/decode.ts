import { isObject, parseKeepingNumbers } from './json.ts';
import type { Json } from './json.ts';

/** A key or value as filters see it (K-57): a JSON object or array, or else plain text if it is valid UTF-8. */
export type Decoded =
  | { readonly format: 'absent' }
  | { readonly format: 'json'; readonly value: Json }
  | { readonly format: 'plain'; readonly value: string }
  | { readonly format: 'binary' };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const decode = (bytes: Uint8Array | null, keepNumberText: boolean): Decoded => {
  if (bytes === null) return { format: 'absent' };
  const text = decodeUtf8(bytes);
  if (text === undefined) return { format: 'binary' };
  const json = /^\s*[[{]/.test(text) ? parseJson(text, keepNumberText) : undefined;
  if (json !== undefined) return { format: 'json', value: json };
  // The same marking of strings as in `parseKeepingNumbers`.
  return { format: 'plain', value: keepNumberText && text.startsWith('\0') ? `\0${text}` : text };
};

const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined; // binary data
  }
};

const parseJson = (text: string, keepNumberText: boolean): Json | undefined => {
  try {
    const value = keepNumberText ? parseKeepingNumbers(text) : (JSON.parse(text) as Json);
    return isObject(value) || Array.isArray(value) ? value : undefined;
  } catch {
    return undefined; // plain text that begins with a bracket
  }
};

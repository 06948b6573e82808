import type { TokenSource } from './types.ts';

export interface Token {
  text: string;
  /** ms by the server's clock; undefined if the text does not say. */
  ends: number | undefined;
  user: string | undefined;
}

export interface Tokens {
  /** @throws what the token function throws */
  get(): Promise<Token | undefined>;
  /** Asks for another one next time. @returns whether there may be another one */
  reject(token: Token | undefined): boolean;
  /** ms until a new one is due; undefined if it lasts. */
  renewIn(token: Token | undefined): number | undefined;
  /** Learns the server's clock, since the user's clock may be wrong. */
  serverTime(at: number): void;
}

/** A new token is due this time (ms) before the end of the old one, or at 4/5 of a short life. */
const RENEW_MS = 60_000;
const MIN_RENEW_MS = 1000;

const read = (text: string): Token => {
  try {
    const part = text.split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    const { exp, sub } = JSON.parse(new TextDecoder().decode(bytes)) as { exp?: number; sub?: unknown };
    return { text, ends: exp && exp * 1000, user: sub === undefined ? undefined : String(sub) };
  } catch {
    return { text, ends: undefined, user: undefined }; // not a JWT
  }
};

export const createTokens = (source: TokenSource | undefined): Tokens => {
  let current: Token | undefined;
  let asking: Promise<Token> | undefined;
  /** Server's clock − own clock. Messages take time, so the largest difference is the nearest one. */
  let offset: number | undefined;
  const left = ({ ends }: Token) => (ends === undefined ? undefined : ends - Date.now() - (offset ?? 0));

  return {
    async get() {
      if (source === undefined) return undefined;
      if (typeof source === 'string') return (current ??= read(source));
      // Before the server's clock is known, the end can't be judged: the server rejects a token that has ended.
      if (current && (offset === undefined || (left(current) ?? Infinity) > MIN_RENEW_MS)) return current;
      return (asking ??= Promise.resolve()
        .then(source)
        .then((text) => (current = read(text)))
        .finally(() => (asking = undefined)));
    },
    reject(token) {
      if (typeof source !== 'function') return false;
      if (token === current) current = undefined;
      return true;
    },
    renewIn(token) {
      const rest = token && typeof source === 'function' ? left(token) : undefined;
      return rest === undefined || offset === undefined
        ? undefined
        : Math.max(MIN_RENEW_MS, rest - RENEW_MS, rest * 0.8);
    },
    serverTime(at) {
      if (Number.isFinite(at)) offset = Math.max(offset ?? -Infinity, at - Date.now());
    },
  };
};

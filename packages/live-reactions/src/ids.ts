import { environment } from './environment.ts';

const KEY = 'live-reactions:user';

/** About 96 random bits. `crypto.randomUUID` is missing on pages without HTTPS. */
export const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join('');

/** The id of an anonymous user, the same in all visits where the browser permits it. */
export const anonymousUser = (): string => {
  const fresh = randomId();
  try {
    // Node.js 25 warns when localStorage is read; browsers may throw.
    const storage = environment.document && environment.localStorage;
    const kept = storage?.getItem(KEY);
    if (kept) return kept;
    storage?.setItem(KEY, fresh);
  } catch {
    // Storage is disabled: the id lasts as long as the client.
  }
  return fresh;
};

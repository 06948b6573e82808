const PREFIX = 'live-reactions-page:';

/** Keeps small values between visits, where the browser allows that. */
export const remembered = {
  get(name: string): string | undefined {
    try {
      return localStorage.getItem(PREFIX + name) ?? undefined;
    } catch {
      return undefined; // storage is blocked, which is the viewer's choice
    }
  },
  set(name: string, value: string): void {
    try {
      localStorage.setItem(PREFIX + name, value);
    } catch {
      // As above: the value lasts as long as the page.
    }
  },
};

import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until `check` says yes; false when the time is over first. A check that throws is a no. */
export async function waitFor(check: () => boolean | Promise<boolean>, ms: number, everyMs = 50): Promise<boolean> {
  const end = performance.now() + ms;
  for (;;) {
    try {
      if (await check()) return true;
    } catch {
      // Not yet.
    }
    if (performance.now() > end) return false;
    await sleep(everyMs);
  }
}

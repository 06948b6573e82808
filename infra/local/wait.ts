import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until `check` returns true; false after the time limit. A check that throws counts as false. */
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

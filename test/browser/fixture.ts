import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { browserTestsAreSkipped, ensureChromium, launch } from './chromium.ts';

const path = await ensureChromium(console.log);
// When all tests run, `npm test` says it once for all files.
if (path === undefined && !process.env.SHARED_PLATFORM) process.stderr.write(`${browserTestsAreSkipped()}\n`);

/** `describe` for tests that need a browser: they are skipped, and counted as skipped, when none is installed. */
export const describeInBrowser = path === undefined ? describe.skip : describe;

/** A browser for the tests of a `describeInBrowser`, which is closed after them. */
export const browserForTests = (): (() => Browser) => {
  let browser: Browser | undefined;
  beforeAll(async () => void (browser = await launch(path)));
  afterAll(() => browser?.close());
  return () => {
    if (!browser) throw new Error('The browser is started before the first test');
    return browser;
  };
};

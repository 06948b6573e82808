import { afterEach, expect } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { platformForTests, tap } from '../e2e/fixture.ts';
import type { SharedPlatform } from '../e2e/shared-platform.ts';
import { post } from '../e2e/viewer.ts';
import { until } from '../support/until.ts';
import { browserForTests } from './fixture.ts';
import { watch, type Watched } from './watch.ts';

interface OpenOptions extends BrowserContextOptions {
  /** Called before the page is opened. */
  prepare?: (page: Page) => Promise<unknown>;
  /** The test causes errors, such as those of a network that is cut. */
  mayFail?: boolean;
}

/** Small, because the processor draws everything. */
const VIEWPORT = { width: 800, height: 480 };

/** Counts what is drawn on canvases in `drawn`. */
const COUNT_DRAWN = `
  window.drawn = 0;
  const { drawImage } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    window.drawn++;
    return drawImage.apply(this, args);
  };`;

/**
 * The page and the overlay as `npm start` serves them: with their security headers, and connected to the platform. After
 * each test, checks that the pages had no error, and sent requests only to the platform.
 */
export const pagesForTests = () => {
  let platform: SharedPlatform;
  let users = 0;
  platformForTests((started) => (platform = started));
  const browser = browserForTests();
  const visits: { page: Page; watched: Watched; mayFail: boolean }[] = [];

  afterEach(async () => {
    const own = [platform.pageUrl, platform.url, platform.socketUrl].map((url) => new URL(url).origin);
    const found = visits.map(({ watched: { problems, origins }, mayFail }) => ({
      problems: mayFail ? [] : [...problems],
      others: [...origins].filter((origin) => !own.includes(origin)),
    }));
    await Promise.all(visits.splice(0).map(({ page }) => page.context().close()));
    for (const each of found) expect(each).toEqual({ problems: [], others: [] });
  });
  return {
    platform: () => platform,
    /** Somebody taps, each time another user, so that no limit is reached. @returns the status */
    async crowd(room: string, fields: Record<string, unknown> = {}): Promise<number> {
      const event = tap({ user_id: `page-crowd-${++users}`, room_id: room, ...fields });
      return (await post(`${platform.url}/emoji`, event)).status;
    },
    /** Opens a page as another viewer. */
    async open(path: string, { prepare, mayFail = false, ...options }: OpenOptions = {}) {
      const context = await browser().newContext({ viewport: VIEWPORT, ...options });
      const page = await context.newPage();
      const watched = watch(page);
      visits.push({ page, watched, mayFail });
      await page.addInitScript(COUNT_DRAWN);
      await prepare?.(page);
      await page.goto(`${platform.pageUrl}${path}`);
      return { page, watched };
    },
  };
};

export const drawn = (page: Page): Promise<number> => page.evaluate<number>('drawn');

/** Whether the canvas shows anything; its copy is read, because a browser complains of a canvas that is read often. */
export const isBlank = async (page: Page): Promise<boolean> =>
  !(await page.evaluate<boolean>(`(() => {
    const canvas = document.querySelector('#canvas');
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    return copy.getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
  })()`));

export const isDrawn = async (page: Page): Promise<boolean> => !(await isBlank(page));

/** Makes a page believe that it is in another tab, which a browser without a window never is. */
export const setHidden = (page: Page, isHidden: boolean): Promise<unknown> =>
  page.evaluate(`
    Object.defineProperties(document, {
      hidden: { value: ${isHidden}, configurable: true },
      visibilityState: { value: '${isHidden ? 'hidden' : 'visible'}', configurable: true },
    });
    document.dispatchEvent(new Event('visibilitychange'));`);

/** What the page says of its connection. */
export const says = (page: Page, words: string): Promise<boolean> =>
  until(`the page says "${words}"`, async () => (await page.textContent('#status-text')) === words);

/** The counts of the bar, without those of 0. */
export const counts = async (page: Page): Promise<Record<string, number>> => {
  const labels = await page
    .locator('.reaction')
    .evaluateAll((buttons) =>
      buttons.map((button) => `${button.querySelector('.face')?.textContent} ${button.getAttribute('title') ?? ''}`),
    );
  return Object.fromEntries(
    labels
      .map((label) => label.split(' '))
      .map(([emoji = '', count = '']) => [emoji, Number(count.replaceAll(',', ''))] as const)
      .filter(([, count]) => count > 0),
  );
};

/** Without a pointer, as a press that a busy machine makes long would tap several times. */
export const click = (page: Page, emoji: string): Promise<void> =>
  page.getByRole('button', { name: emoji }).dispatchEvent('click');

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { platformForTests, tap } from '../e2e/fixture.ts';
import { liveTotals } from '../e2e/live.ts';
import type { SharedPlatform } from '../e2e/shared-platform.ts';
import { post } from '../e2e/viewer.ts';
import { until } from '../support/until.ts';
import { accessibilityFindings } from './accessibility.ts';
import { browserForTests, describeInBrowser } from './fixture.ts';
import { watch } from './watch.ts';

// The page as `npm start` serves it: with its security headers, and connected to the platform.

const openApi = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8')) as {
  paths: Record<string, object>;
};

describeInBrowser('served by npm start', () => {
  let platform: SharedPlatform;
  platformForTests((started) => (platform = started));
  const browser = browserForTests();

  const open = async (path: string) => {
    const page = await browser().newPage();
    const watched = watch(page);
    await page.goto(`${platform.pageUrl}${path}`);
    return { page, watched };
  };
  const own = () => [platform.pageUrl, platform.url, platform.socketUrl].map((url) => new URL(url).origin);
  const expectOnlyOwn = ({ problems, origins }: ReturnType<typeof watch>) => {
    expect(problems).toEqual([]);
    expect([...origins].filter((origin) => !own().includes(origin))).toEqual([]);
  };

  test('the page taps and shows the counts, without an error and without a request to another host', async () => {
    const { page, watched } = await open('/?room=served-page');
    // Without a pointer, as a press that a busy machine makes long would tap several times.
    await page.getByRole('button', { name: '🔥' }).dispatchEvent('click');
    const total = async () => (await liveTotals(platform.url, ['served-page'])).get('served-page 🔥');
    await until('the tap is counted', async () => (await total()) === 1);
    expect((await post(`${platform.url}/emoji`, tap({ room_id: 'served-page', count: 4 }))).status).toBe(200);
    await until('the page shows both', async () => (await page.textContent('#total')) === '5');
    expectOnlyOwn(watched);
    expect(watched.origins).toContain(new URL(platform.socketUrl).origin);
    await page.close();
  });

  test('the overlay shows the counts, without an error and without a request to another host', async () => {
    const { page, watched } = await open('/overlay?room=served-overlay&theme=dark');
    await until('it is connected', () => watched.origins.has(new URL(platform.socketUrl).origin));
    expect((await post(`${platform.url}/emoji`, tap({ room_id: 'served-overlay', count: 3 }))).status).toBe(200);
    await until('the overlay shows the taps', async () => (await page.textContent('#totals'))?.includes('3'));
    expectOnlyOwn(watched);
    await page.close();
  });

  test('the API reader shows every operation and calls this platform, without a request to another host', async () => {
    const { page, watched } = await open('/docs');
    for (const [path, methods] of Object.entries(openApi.paths))
      for (const method of Object.keys(methods))
        await page.locator(`.opblock-${method} [data-path="${path}"]`).first().waitFor();
    const health = page.locator('.opblock', { has: page.locator('[data-path="/health"]') });
    await health.locator('.opblock-summary-control').click();
    await health.getByRole('button', { name: 'Try it out' }).click();
    await health.getByRole('button', { name: 'Execute' }).click();
    await health.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    expectOnlyOwn(watched);
    await page.close();
  });

  describe('axe finds nothing serious, with a thousand taps,', () => {
    beforeAll(async () => {
      const events = Array.from({ length: 25 }, (_, n) => tap({ user_id: `large-${n}`, room_id: 'large', count: 40 }));
      expect((await post(`${platform.url}/emoji`, { events })).status).toBe(200);
    });
    test.each([
      { name: 'the page', path: '/', options: { colorScheme: 'light' } },
      { name: 'the dark page', path: '/', options: { colorScheme: 'dark' } },
      { name: 'the page on a phone', path: '/', options: { viewport: { width: 360, height: 740 } } },
      { name: 'the overlay', path: '/overlay', options: {} },
    ] as const)('in $name', async ({ path, options }) => {
      const page = await browser().newPage(options);
      await page.goto(`${platform.pageUrl}${path}?room=large&theme=dark`);
      await until('it shows them', async () => /1K/.test((await page.textContent('body')) ?? ''));
      expect(await accessibilityFindings(page)).toEqual([]);
      await page.close();
    });
  });

  test('the policy blocks other hosts and inline scripts', async () => {
    const { page, watched } = await open('/');
    await page.evaluate(`
      const script = Object.assign(document.createElement('script'), { textContent: 'document.title = "inline"' });
      document.body.append(script, Object.assign(new Image(), { src: 'https://evil.example/pixel' }));
      fetch('https://evil.example/').catch(() => undefined);
    `);
    const reported = () =>
      ['script-src', 'img-src', 'connect-src'].every((directive) => watched.problems.join().includes(directive));
    await until('the browser reports all three', reported);
    expect(await page.title()).not.toBe('inline');
    await page.close();
  });
});

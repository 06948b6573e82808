import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { liveTotals } from '../e2e/live.ts';
import { until } from '../support/until.ts';
import { seriousFindings } from './accessibility.ts';
import { describeInBrowser } from './fixture.ts';
import { click, counts, drawn, isBlank, isDrawn, pagesForTests, says, setHidden } from './pages.ts';

const SHOWN_WITHIN_MS = 2000;

describeInBrowser('the page', () => {
  const { open, crowd, platform } = pagesForTests();

  const openRoom = async (room: string, options: Parameters<typeof open>[1] = {}) => {
    const visit = await open(`/?room=${room}`, options);
    await says(visit.page, 'Live');
    return visit;
  };
  /** The counts of a room as the platform has them. */
  const counted = async (room: string) =>
    Object.fromEntries(
      [...(await liveTotals(platform().url, [room]))].map(([key, count]) => [key.slice(room.length + 1), count]),
    );
  const shows = (page: Page, expected: Record<string, number>) =>
    until(`the page shows ${JSON.stringify(expected)}`, async () => {
      const shown = await counts(page);
      return Object.entries(expected).every(([emoji, count]) => shown[emoji] === count);
    });

  test('a tap is drawn and counted at once, before the server knows it, and reaches another viewer within 2 s', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const prepare = (page: Page) =>
      page.routeWebSocket(/^ws:/, (socket) => {
        const server = socket.connectToServer();
        socket.onMessage(async (text) => {
          if (text.toString().includes('"tap"')) await held;
          server.send(text);
        });
      });
    const { page } = await openRoom('page-tap', { prepare });
    const { page: other } = await openRoom('page-tap');
    await click(page, '🔥');
    await until('the own emoji is drawn', () => isDrawn(page));
    expect([await counts(page), await counted('page-tap')]).toEqual([{ '🔥': 1 }, {}]);
    release();
    await shows(other, { '🔥': 1 });
    // Again, as a busy machine may be late now and then.
    let taps = 1;
    await until(`a tap reaches the other viewer within ${SHOWN_WITHIN_MS} ms`, async () => {
      const began = performance.now();
      await click(page, '🔥');
      await shows(other, { '🔥': ++taps });
      return performance.now() - began <= SHOWN_WITHIN_MS;
    });
    await until('the crowd’s emojis float there', () => isDrawn(other));
    expect(await counted('page-tap')).toEqual({ '🔥': taps });
  });

  test('two pages and the platform have the same counts: the taps that were answered 200', async () => {
    const room = 'page-two';
    const pages = (await Promise.all([openRoom(room), openRoom(room)])).map(({ page }) => page);
    const answers = await Promise.all(
      [{ count: 40 }, { emoji_type: '❤', count: 7 }, { emoji_type: 'nonsense' }, { count: 3, emoji_type: '👏' }].map(
        async (fields) => ((await crowd(room, fields)) === 200 ? (fields.count ?? 1) : 0),
      ),
    );
    for (const page of pages) for (const emoji of ['🔥', '🔥', '❤️']) await click(page, emoji);
    const expected = { '🔥': 44, '❤️': 9, '👏': 3 };
    await until('all are counted', async () => (await counted(room))['🔥'] === 44 && (await counted(room))['❤️'] === 9);
    for (const page of pages) await shows(page, expected);
    expect([await counted(room), await counts(pages[0] as Page), await counts(pages[1] as Page)]).toEqual([
      ...[expected, expected, expected],
    ]);
    const answered = answers.reduce((sum, count) => sum + count, 6);
    for (const page of pages) expect(await page.textContent('#total')).toBe(`${answered}`);
  });

  test('the network is cut: the page says so, shows the taps, and they arrive once', async () => {
    const room = 'page-cut';
    const { page } = await openRoom(room, { mayFail: true });
    const context = page.context();
    await context.setOffline(true);
    await says(page, 'Offline');
    for (const emoji of ['🔥', '🔥', '🔥', '❤️', '❤️']) await click(page, emoji);
    const taps = { '🔥': 3, '❤️': 2 };
    await shows(page, taps);
    await until('the page says what becomes of them', async () =>
      (await page.textContent('#notice'))?.includes('5 taps will be sent later'),
    );
    expect(await counted(room)).toEqual({});
    await context.setOffline(false);
    await says(page, 'Live');
    await until('they are counted', async () => (await counted(room))['❤️'] === 2);
    // What is counted after them shows that no copies follow.
    await crowd(room, { count: 5 });
    await shows(page, { '🔥': 8, '❤️': 2 });
    expect(await counted(room)).toEqual({ '🔥': 8, '❤️': 2 });
  });

  test('a hidden tab draws nothing, and has the right counts when it is shown', async () => {
    const room = 'page-hidden';
    const { page } = await openRoom(room);
    await click(page, '🔥');
    await until('emojis float', () => isDrawn(page));
    await setHidden(page, true);
    const before = await drawn(page);
    expect(await isBlank(page)).toBe(true);
    await crowd(room, { count: 9 });
    await shows(page, { '🔥': 10 });
    expect([await drawn(page), await isBlank(page)]).toEqual([before, true]);
    await setHidden(page, false);
    await crowd(room);
    await until('emojis float again', () => isDrawn(page));
    await shows(page, { '🔥': 11 });
  });

  test('a viewer who hides the emojis sees none, also at the next visit', async () => {
    const room = 'page-toggle';
    const { page } = await openRoom(room);
    const toggle = page.locator('#hide');
    await toggle.click();
    expect(await toggle.textContent()).toBe('Show emojis');
    await click(page, '🔥');
    await page.reload();
    await says(page, 'Live');
    expect(await toggle.textContent()).toBe('Show emojis');
    await crowd(room, { count: 4 });
    await shows(page, { '🔥': 5 });
    expect([await drawn(page), await isBlank(page)]).toEqual([0, true]);
    await toggle.click();
    await click(page, '🔥');
    await until('emojis float again', () => isDrawn(page));
  });

  test('viewers who prefer no motion see none', async () => {
    const { page } = await openRoom('page-still', { reducedMotion: 'reduce' });
    await click(page, '🔥');
    await until('the tap is counted', async () => (await counted('page-still'))['🔥'] === 1);
    expect([await drawn(page), await page.locator('#hide').isVisible()]).toEqual([0, false]);
  });

  test('everything is reached and used by keyboard', async () => {
    const { page } = await openRoom('page-keys');
    const reached: string[] = [];
    for (let n = 0; n < 20; n++) {
      await page.keyboard.press('Tab');
      const name = await page.evaluate<string>(
        "document.activeElement.id || document.activeElement.querySelector('.face')?.textContent || document.activeElement.textContent",
      );
      if (reached.includes(name)) break;
      reached.push(name);
    }
    const emojis = await page.locator('.face').allTextContents();
    expect(emojis.length).toBeGreaterThanOrEqual(5);
    expect(reached.slice(0, emojis.length + 4)).toEqual(['room', 'hide', ...emojis, 'overlay-link', 'API reference']);
    await page.locator('.reaction').first().focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press(' ');
    const [first = ''] = emojis;
    await until('both are shown', async () => ((await counts(page))[first] ?? 0) >= 2);
    await page.locator('#room').focus();
    await page.keyboard.type('page-keys-2');
    await page.keyboard.press('Enter');
    await until('the room is another one', async () => (await page.textContent('#stage-room')) === 'page-keys-2');
    expect([new URL(page.url()).searchParams.get('room'), await counts(page)]).toEqual(['page-keys-2', {}]);
  });

  test('axe-core has no serious finding: light, dark, on a phone', async () => {
    const { page } = await openRoom('page-axe', { colorScheme: 'light' });
    const found = [await seriousFindings(page)];
    await page.emulateMedia({ colorScheme: 'dark' });
    found.push(await seriousFindings(page));
    await page.setViewportSize({ width: 360, height: 740 });
    found.push(await seriousFindings(page));
    expect(found).toEqual([[], [], []]);
  });

  test('the policy blocks other hosts and inline scripts', async () => {
    // The page's own watch would find these requests.
    const { page, watched } = await open('/', { mayFail: true });
    await page.evaluate(`
      const script = Object.assign(document.createElement('script'), { textContent: 'document.title = "inline"' });
      document.body.append(script, Object.assign(new Image(), { src: 'https://evil.example/pixel' }));
      fetch('https://evil.example/').catch(() => undefined);
    `);
    const reported = () =>
      ['script-src', 'img-src', 'connect-src'].every((directive) => watched.problems.join().includes(directive));
    await until('the browser reports all three', reported);
    expect(await page.title()).not.toBe('inline');
    watched.origins.delete('https://evil.example');
  });
});

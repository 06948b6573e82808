import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { until } from '../support/until.ts';
import { seriousFindings } from './accessibility.ts';
import { describeInBrowser } from './fixture.ts';
import { drawn, isBlank, isDrawn, pagesForTests } from './pages.ts';

describeInBrowser('the overlay', () => {
  const { open, crowd } = pagesForTests();

  const totals = async (page: Page) => (await page.textContent('#totals'))?.trim();
  const shows = (page: Page, text: string) =>
    until(`the overlay shows ${text}`, async () => (await totals(page)) === text);
  /** Opens it, with the messages that it gets of its WebSockets, and whether one is open. */
  const openOverlay = async (query: string, prepare?: (page: Page) => Promise<unknown>) => {
    const frames: string[] = [];
    const sockets = { open: 0 };
    const { page } = await open(`/overlay?${query}`, {
      async prepare(opened) {
        opened.on('websocket', (socket) => {
          sockets.open++;
          socket.on('framereceived', ({ payload }) => frames.push(payload.toString()));
          socket.on('close', () => sockets.open--);
        });
        await prepare?.(opened);
      },
    });
    await until('it has the state of its room', () => frames.length > 0);
    return { page, frames, sockets };
  };

  test('emojis float over a transparent page, with totals that axe-core can read', async () => {
    const { page } = await openOverlay('room=overlay-float&theme=dark&unknown=1');
    await crowd('overlay-float', { count: 3 });
    await shows(page, '🔥 3');
    await until('emojis float', () => isDrawn(page));
    const background = (element: string) =>
      page.evaluate<string>(`getComputedStyle(document.${element}).backgroundColor`);
    expect([await background('documentElement'), await background('body')]).toEqual([
      ...['rgba(0, 0, 0, 0)', 'rgba(0, 0, 0, 0)'],
    ]);
    expect(await seriousFindings(page)).toEqual([]);
    await page.evaluate("document.documentElement.dataset.theme = 'light'");
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('nothing is drawn while OBS does not show it; then one frame has the whole state', async () => {
    const obs = (page: Page) => page.addInitScript('window.obsstudio = {}');
    const { page, frames, sockets } = await openOverlay('room=overlay-obs&theme=dark', obs);
    const setActive = (isActive: boolean) =>
      page.evaluate(
        `dispatchEvent(new CustomEvent('obsSourceActiveChanged', { detail: { active: ${String(isActive)} } }))`,
      );
    await crowd('overlay-obs', { count: 2 });
    await shows(page, '🔥 2');
    await until('emojis float', () => isDrawn(page));
    await setActive(false);
    const before = await drawn(page);
    expect([await isBlank(page), await totals(page)]).toEqual([true, '']);
    await until('its connection is closed', () => sockets.open === 0);
    await crowd('overlay-obs', { count: 40 });
    await crowd('overlay-obs', { count: 8 });
    const other = await openOverlay('room=overlay-obs&theme=dark');
    await shows(other.page, '🔥 50');
    expect([await drawn(page), await isBlank(page), await totals(page)]).toEqual([before, true, '']);
    frames.length = 0;
    await setActive(true);
    await shows(page, '🔥 50');
    expect(JSON.parse(frames[0] ?? '')).toMatchObject({ type: 'counts', totals: { '🔥': 50 } });
  });
});

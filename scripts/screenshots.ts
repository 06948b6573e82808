import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { REPO } from '../infra/local/data-dir.ts';
import { startPageServer } from '../infra/local/page-server.ts';
import { launch } from '../test/browser/chromium.ts';
import { readArgs, runScript, type Io } from './lib/cli.ts';
import { createPageCrowd } from './lib/page-crowd.ts';

const HELP = `npm run screenshots     makes the pictures in docs/images: the page (wide, on a phone, dark) and the overlay

Opens the built page in Chromium without a window, with an invented crowd behind its WebSocket, and no platform.
  --help`;

interface Picture {
  name: string;
  path: string;
  context: BrowserContextOptions;
  /** Runs in the page. */
  prepare?: string;
}

const PICTURES: Picture[] = [
  { name: 'page', path: '/?room=final', context: { viewport: { width: 1120, height: 680 }, colorScheme: 'light' } },
  { name: 'page-dark', path: '/?room=final', context: { viewport: { width: 1120, height: 680 }, colorScheme: 'dark' } },
  {
    name: 'page-phone',
    path: '/?room=final',
    context: { viewport: { width: 390, height: 780 }, colorScheme: 'dark', hasTouch: true, isMobile: true },
  },
  {
    name: 'overlay',
    path: '/overlay?room=final&theme=dark&lane=right',
    context: { viewport: { width: 1120, height: 630 } },
    // In place of the video below it.
    prepare: `document.documentElement.style.background = 'linear-gradient(#2b6b3f, #174a2b)'`,
  },
];
const CONFIG = { rooms: ['final'], emojis: ['🔥', '❤️', '👏', '😂', '😮', '🎉'] };
/** Taps of the first emoji per second: before the picture, and while its emojis begin to float. */
const BEFORE = Array.from(
  { length: 110 },
  (_, second) => 300 + 250 * Math.sin(second / 6) ** 2 + (second % 47 < 8 ? 2500 : 0),
);
const SECONDS = [900, 1800, 5200, 4100, 2800];
const SECOND_MS = 1000;
/** Until the emojis of `BEFORE` are gone. */
const FLOATED_MS = 6000;
const JPEG_QUALITY = 80;

async function show(page: Page, crowd: Awaited<ReturnType<typeof createPageCrowd>>) {
  await crowd.connected;
  for (const taps of BEFORE) crowd.tap(Math.round(taps));
  await page.waitForTimeout(FLOATED_MS);
  for (const taps of SECONDS) {
    crowd.tap(taps);
    await page.waitForTimeout(SECOND_MS);
  }
}

export async function main(args: string[], io: Io): Promise<number> {
  const { values } = readArgs({ args, options: { help: { type: 'boolean' } } });
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const folder = join(REPO, 'web', 'dist');
  const out = join(REPO, 'docs', 'images');
  mkdirSync(out, { recursive: true });
  const config = { url: 'http://localhost:5013', socketUrl: 'ws://localhost:3001', ...CONFIG };
  const server = await startPageServer({ folder, docsFolder: folder, port: 0, config });
  const browser = await launch();
  try {
    for (const { name, path, context: options, prepare } of PICTURES) {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const crowd = await createPageCrowd(page, config.emojis);
      await page.goto(server.url + path);
      if (prepare) await page.evaluate(prepare);
      await show(page, crowd);
      await page.screenshot({ path: join(out, `${name}.jpg`), quality: JPEG_QUALITY });
      await context.close();
      io.print(`docs/images/${name}.jpg`);
    }
    return 0;
  } finally {
    await browser.close();
    await server.close();
  }
}

await runScript(import.meta, 'screenshots', main);

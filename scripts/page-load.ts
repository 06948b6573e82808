import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import { REPO } from '../infra/local/data-dir.ts';
import { startPageServer } from '../infra/local/page-server.ts';
import { launch } from '../test/browser/chromium.ts';
import { positiveNumber, readArgs, runScript, type Io } from './lib/cli.ts';
import { createPageCrowd, type PageCrowd } from './lib/page-crowd.ts';
import { count as grouped, table } from './lib/table.ts';

const HELP = `npm run page-load [-- options]     measures what the viewers' page and the OBS overlay cost a browser

Opens the built page in Chromium without a window (so everything is drawn by the processor), with an invented crowd
behind its WebSocket. Prints how long frames take while about 200 emojis float, and then how much memory the page and
the overlay use during an hour of traffic, with the browser's clock as fast as it can follow.

  --seconds N    how long frames are measured (10)
  --minutes N    minutes of traffic for the memory (60)
  --help`;

const HUGE = 2_000_000;
const WARM_UP_MS = 5000;
/** The crowd of the hour: its emojis float all the time, but not as many as a browser can draw. */
const MODERATE = 12;

const FRAME_HEAD = ['frames', 'emojis', 'frames/s', 'p50', 'p95', 'p99', 'longest', 'script p50 / p99'];
const HEAP_HEAD = ['memory (MB) after', 'start', '¼', '½', '¾', 'end', 'elements at start / end'];

/** Runs in the page: records each frame's length, the time that its script takes and what it draws. */
const RECORDER = `
  window.frames_ = { gaps: [], scripts: [], drawn: 0 };
  const { requestAnimationFrame: request } = window;
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  let last;
  window.requestAnimationFrame = (callback) => request((now) => {
    if (last !== undefined) frames_.gaps.push(now - last);
    last = now;
    const began = performance.now();
    callback(now);
    frames_.scripts.push(performance.now() - began);
  });
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    frames_.drawn++;
    return draw.apply(this, args);
  };`;

interface Frames {
  gaps: number[];
  scripts: number[];
  drawn: number;
}

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? NaN;
const ms = (value: number): string => `${value.toFixed(1)} ms`;

interface View {
  name: string;
  path: string;
  width: number;
  height: number;
}
const PAGE: View = { name: 'page', path: '/?room=final', width: 1600, height: 1000 };
const OVERLAY: View = { name: 'overlay', path: '/overlay?room=final&max=200', width: 1280, height: 720 };

async function measureFrames(page: Page, crowd: PageCrowd, { name, width, height }: View, seconds: number) {
  const timer = setInterval(() => crowd.tap(HUGE), 1000);
  await page.waitForTimeout(WARM_UP_MS);
  await page.evaluate('frames_ = { gaps: [], scripts: [], drawn: 0 }');
  await page.waitForTimeout(seconds * 1000);
  const { gaps, scripts, drawn } = await page.evaluate<Frames>('frames_');
  clearInterval(timer);
  return [
    ...[`${name}, ${width} × ${height}`, grouped(drawn / scripts.length), (gaps.length / seconds).toFixed(1)],
    ...[0.5, 0.95, 0.99, 1].map((part) => ms(quantile(gaps, part))),
    `${ms(quantile(scripts, 0.5))} / ${ms(quantile(scripts, 0.99))}`,
  ];
}

/** Used memory (MB) after all garbage is collected, and the elements of the page. */
const measureHeap = async (cdp: CDPSession) => {
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  const { nodes } = await cdp.send('Memory.getDOMCounters');
  return { size: (usedSize / 1e6).toFixed(2), nodes };
};

async function measureMemory(page: Page, crowd: PageCrowd, { name }: View, minutes: number, io: Io) {
  const cdp = await page.context().newCDPSession(page);
  const pass = async (count: number) => {
    for (let second = 0; second < count; second++) {
      crowd.tap(MODERATE);
      await page.clock.runFor(1000);
    }
  };
  await pass(30); // until sprites are drawn and code is compiled
  const found = [await measureHeap(cdp)];
  for (let quarter = 0; quarter < 4; quarter++) {
    await pass((minutes * 60) / 4);
    found.push(await measureHeap(cdp));
    io.printError(`${name}: ${((quarter + 1) * minutes) / 4} of ${minutes} minutes`);
  }
  return [name, ...found.map(({ size }) => size), `${found[0]?.nodes} / ${found.at(-1)?.nodes}`];
}

export async function main(args: string[], io: Io): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = readArgs({
    args,
    options: {
      seconds: { ...text, default: '10' },
      minutes: { ...text, default: '60' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const seconds = positiveNumber('--seconds', values.seconds, 600);
  const minutes = positiveNumber('--minutes', values.minutes, 600);
  const config = {
    ...{ url: 'http://localhost:5013', socketUrl: 'ws://localhost:3001' },
    ...{ rooms: ['final'], emojis: ['🔥', '❤️', '👏', '😂', '😮', '😢'] },
  };
  const folder = join(REPO, 'web', 'dist');
  const server = await startPageServer({ folder, docsFolder: folder, port: 0, config });
  const browser = await launch();
  /** Opens a view with a crowd. @param isFast the browser's clock is moved by the script */
  const open = async <T>(view: View, isFast: boolean, use: (page: Page, crowd: PageCrowd) => Promise<T>) => {
    const { width, height, path } = view;
    const context = await browser.newContext({ viewport: { width, height } });
    try {
      const page = await context.newPage();
      if (isFast) await page.clock.install();
      else await page.addInitScript(RECORDER);
      const crowd = await createPageCrowd(page, config.emojis);
      await page.goto(server.url + path);
      await crowd.connected;
      return await use(page, crowd);
    } finally {
      await context.close();
    }
  };
  try {
    const frames: string[][] = [];
    for (const view of [PAGE, OVERLAY])
      frames.push(await open(view, false, (page, crowd) => measureFrames(page, crowd, view, seconds)));
    io.print(table(FRAME_HEAD, frames).join('\n'));
    const memory: string[][] = [];
    for (const view of [
      { ...PAGE, width: 360, height: 740 },
      { ...OVERLAY, width: 640, height: 360 },
    ])
      memory.push(await open(view, true, (page, crowd) => measureMemory(page, crowd, view, minutes, io)));
    io.print(`\n${table(HEAP_HEAD, memory).join('\n')}`);
    return 0;
  } finally {
    await browser.close();
    await server.close();
  }
}

await runScript(import.meta, 'page-load', main);

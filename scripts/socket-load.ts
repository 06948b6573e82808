import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { limitFunction } from 'p-limit';
import { WebSocket } from 'ws';
import { call } from '../infra/local/http.ts';
import { waitFor } from '../infra/local/wait.ts';
import type { Frame } from '../lib/domain/frame.ts';
import { newDataDir, removeDataDir, startPlatform, type Platform } from '../test/e2e/platform.ts';
import { positiveNumber, readArgs, runScript, wholeNumber, type Io } from './lib/cli.ts';
import { count as grouped, table } from './lib/table.ts';

const HELP = `npm run socket-load [-- options]     measures how many viewers the local WebSocket server carries

Starts a platform, connects viewers to one room by WebSocket, taps four times a second, and prints for each number of
viewers how fast they connect, the frames that each gets in a second, how long after its publication a frame arrives,
the CPU time that the functions' process uses, and whether every viewer has exact totals in the end. Needs Linux.

  --viewers N,…    numbers of viewers (250,500,1000,2000,4000)
  --seconds N      how long each is measured (8)
  --stalled N      per cent of the viewers that stop reading (5)
  --help`;

const ROOM = 'socket-load';
const CONNECT_AT_ONCE = 100;
const TAP_EVERY_MS = 250;
const SETTLE_MS = 2000;
const EXACT_WITHIN_MS = 15_000;
const HEAD = [
  ...['viewers', 'connects/s', 'CPU per connect', 'frames/s each', 'frames/s', 'CPU per frame', 'CPU'],
  ...['after publication, p50 / p99', 'exact totals'],
];

/** CPU time (ms) that a process has used; only Linux tells it precisely. */
const cpuMs = (pid: number): number => {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number);
  return (user + system) * MS_PER_TICK;
};
const MS_PER_TICK = 10;

interface Viewer {
  socket: WebSocket;
  total: number;
}

/** @param onFrame called with how long ago (ms) the frame was published */
const connectOne = async (url: string, onFrame: (ageMs: number) => void): Promise<Viewer> => {
  const socket = new WebSocket(`${url}?room_id=${ROOM}`);
  const viewer: Viewer = { socket, total: 0 };
  socket.on('message', (data: Buffer) => {
    const { totals, at } = JSON.parse(data.toString()) as Frame;
    viewer.total = Math.max(viewer.total, totals['🔥'] ?? 0);
    onFrame(Date.now() - Date.parse(at));
  });
  await once(socket, 'open');
  return viewer;
};

const connectAll = async (url: string, count: number, onFrame: (ageMs: number) => void): Promise<Viewer[]> => {
  const connect = limitFunction(() => connectOne(url, onFrame), { concurrency: CONNECT_AT_ONCE });
  return Promise.all(Array.from({ length: count }, () => connect()));
};

/** Taps until it is aborted. Returns the number of taps that were answered 200. */
const tapUntil = async (url: string, signal: AbortSignal): Promise<number> => {
  let answered = 0;
  while (!signal.aborted) {
    const tap = { user_id: 'load', emoji_type: '🔥', room_id: ROOM, timestamp: new Date().toISOString() };
    const { status } = await call(`${url}/emoji`, { method: 'POST', body: JSON.stringify(tap) });
    if (status === 200) answered++;
    await sleep(TAP_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return answered;
};

interface Options {
  viewers: number;
  seconds: number;
  /** The part of the viewers that stop reading. */
  stalled: number;
}

/** @param before the taps that were answered before */
const measure = async (platform: Platform, { viewers: count, seconds, stalled }: Options, before: number) => {
  const { url, socketUrl } = platform;
  const pid = await platform.pid('functions');
  const ages = createHistogram({ lowest: 1, highest: 600_000, figures: 3 });
  let measuring = false;
  const [began, cpuBegan] = [performance.now(), cpuMs(pid)];
  const viewers = await connectAll(socketUrl, count, (ageMs) => {
    if (measuring) ages.record(Math.max(1, Math.round(ageMs)));
  });
  const connectsPerSecond = count / ((performance.now() - began) / 1000);
  const cpuPerConnect = (cpuMs(pid) - cpuBegan) / count;
  const reading = viewers.slice(Math.floor(count * stalled));
  for (const { socket } of viewers.slice(0, count - reading.length)) socket.pause();

  const stop = new AbortController();
  const tapping = tapUntil(url, stop.signal);
  await sleep(SETTLE_MS);
  measuring = true;
  const cpuBefore = cpuMs(pid);
  await sleep(seconds * 1000);
  measuring = false;
  const cpu = cpuMs(pid) - cpuBefore;
  stop.abort();
  const taps = before + (await tapping);
  const isExact = await waitFor(() => reading.every(({ total }) => total === taps), EXACT_WITHIN_MS, 100);
  for (const { socket } of viewers) socket.terminate();
  const row = [
    ...[grouped(count), grouped(connectsPerSecond), `${cpuPerConnect.toFixed(1)} ms`],
    ...[(ages.count / seconds / reading.length).toFixed(2), grouped(ages.count / seconds)],
    ...[`${(cpu / ages.count).toFixed(2)} ms`, `${Math.round(cpu / seconds / 10)} %`],
    ...[`${ages.percentile(50)} / ${ages.percentile(99)} ms`, isExact ? 'all' : 'not all'],
  ];
  return { taps, isExact, row };
};

export async function main(args: string[], io: Io): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = readArgs({
    args,
    options: {
      viewers: { ...text, default: '250,500,1000,2000,4000' },
      seconds: { ...text, default: '8' },
      stalled: { ...text, default: '5' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const numbers = values.viewers.split(',').map((each) => positiveNumber('--viewers', each, 100_000));
  const seconds = positiveNumber('--seconds', values.seconds, 600);
  const stalled = wholeNumber('--stalled', values.stalled, { from: 0, to: 99 }) / 100;
  const dataDir = newDataDir();
  const platform = await startPlatform(dataDir, { MAX_CLIENTS_PER_ADDRESS: '100000' });
  try {
    const rows: string[][] = [];
    let taps = 0;
    let isExact = true;
    for (const viewers of numbers) {
      const found = await measure(platform, { viewers, seconds, stalled }, taps);
      taps = found.taps;
      isExact &&= found.isExact;
      rows.push(found.row);
    }
    io.print(table(HEAD, rows).join('\n'));
    return isExact ? 0 : 1;
  } finally {
    await platform.stop();
    removeDataDir(dataDir);
  }
}

await runScript(import.meta, 'socket-load', main);

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { EMOJIS, sum, tapFor, type Taps } from './crowd.ts';
import { liveTotals } from './live.ts';
import { isAlive, newDataDir, removeDataDir, startPlatform, type Platform } from './platform.ts';
import { post, startViewer } from './viewer.ts';

const dataDir = newDataDir();
let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform(dataDir);
});
afterAll(async () => {
  await platform?.stop();
  removeDataDir(dataDir);
});

const roomsOf = (name: string) => Array.from({ length: 10 }, (_, n) => `${name}-${n}`);
const slots = (rooms: readonly string[]) => rooms.flatMap((room) => EMOJIS.map((emoji) => `${room} ${emoji}`));

/** Every tap answered 200 is counted exactly once; one without an answer may have been. By room and emoji. */
const expectExact = (taps: Taps, counted: ReadonlyMap<string, number>, rooms: readonly string[]) => {
  const wrong = slots(rooms).filter((slot) => {
    const answered = taps.answered.get(slot) ?? 0;
    const count = counted.get(slot) ?? 0;
    return count < answered || count > answered + (taps.unknown.get(slot) ?? 0);
  });
  expect(wrong).toEqual([]);
};

const drained = (url: string, taps: Taps, rooms: readonly string[]) =>
  until('every answered tap is counted', async () => {
    const counted = await liveTotals(url, rooms).catch(() => new Map<string, number>());
    return [...taps.answered].every(([slot, count]) => (counted.get(slot) ?? 0) >= count) && counted;
  });

const tap = () => ({ user_id: 'u', emoji_type: '🔥', timestamp: new Date().toISOString(), room_id: 'outage' });

const allPids = () => Promise.all((['functions', 'kafka', 'redis'] as const).map((service) => platform.pid(service)));

const health = async (url: string) => {
  const answer = await fetch(`${url}/health`);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

test('the functions’ process killed in mid-load: it comes back, and every tap answered 200 counts once', async () => {
  const rooms = roomsOf('killed');
  const viewer = await startViewer(platform.url, 'watcher', { room_id: rooms[0] });
  const load = tapFor(platform.url, { ms: 9000, perSecond: 100, rooms });
  for (const after of [1700, 2600]) {
    await sleep(after); // a moment inside the load, not a wait for something
    const pid = await platform.pid('functions');
    process.kill(pid, 'SIGKILL');
    await until(
      'another process took over',
      async () => {
        const other = (await await platform.pid('functions')) !== pid;
        return other && (await health(platform.url).catch(() => ({ status: 0 }))).status === 200;
      },
      20_000,
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${platform.output()}`);
    });
  }
  const taps = await load;
  const counted = await drained(platform.url, taps, rooms);
  expect(sum(taps.answered)).toBeGreaterThan(100);
  expectExact(taps, counted, rooms);
  const mine = new Map([...counted].flatMap(([slot, n]) => (slot.startsWith(`${rooms[0]} `) ? [[slot, n]] : [])));
  await until('the viewer has been told what is counted', () => viewer.total() === sum(mine), 20_000);
  await viewer.close();
});

test('the broker killed: 503 with Retry-After within 6 s, health names it, and it works again without a restart', async () => {
  const functions = await platform.pid('functions');
  const broker = await platform.pid('kafka');
  process.kill(broker, 'SIGKILL');
  const began = performance.now();
  const refused = await post(`${platform.url}/emoji`, tap());
  expect(performance.now() - began).toBeLessThan(6000);
  // The supervisor may have brought the broker back in time; then the tap is simply answered.
  if (refused.status !== 200) {
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ error: expect.any(String) });
  }
  await until('taps are accepted again', async () => (await post(`${platform.url}/emoji`, tap())).status === 200);
  expect((await health(platform.url)).status).toBe(200);
  expect(await platform.pid('functions')).toBe(functions);
});

test('the broker frozen: 503 with Retry-After within 6 s, health names the broker; thawed, taps count again', async () => {
  const broker = await platform.pid('kafka');
  process.kill(broker, 'SIGSTOP');
  try {
    const began = performance.now();
    const [refused, said] = await Promise.all([post(`${platform.url}/emoji`, tap()), health(platform.url)]);
    expect(performance.now() - began).toBeLessThan(6000);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(said).toMatchObject({ status: 503, body: { broker: 'down', redis: 'up' } });
  } finally {
    process.kill(broker, 'SIGCONT');
  }
  await until('taps are accepted again', async () => (await post(`${platform.url}/emoji`, tap())).status === 200);
});

test('Redis killed: health names it, taps are still accepted, and all of them are counted when it is back', async () => {
  const rooms = roomsOf('no-redis');
  process.kill(await platform.pid('redis'), 'SIGKILL');
  expect(await health(platform.url)).toMatchObject({ status: 503, body: { broker: 'up', redis: 'down' } });
  const taps = await tapFor(platform.url, { ms: 1500, perSecond: 100, rooms });
  expect(sum(taps.unknown)).toBe(0);
  expectExact(taps, await drained(platform.url, taps, rooms), rooms);
});

test('the starter killed: nothing is left over, and the next start counts what was not counted', async () => {
  const rooms = roomsOf('starter');
  const taps = await tapFor(platform.url, { ms: 1000, perSecond: 200, rooms });
  const pids = await allPids();
  await platform.kill();
  platform = await startPlatform(dataDir);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(sum(taps.unknown)).toBe(0);
  expectExact(taps, await drained(platform.url, taps, rooms), rooms);
});

test('Ctrl-C once: everything ends in order within 10 s, exit code 0, nothing left over', async () => {
  const pids = await allPids();
  const { code, ms } = await platform.stop();
  expect(code).toBe(0);
  expect(ms).toBeLessThan(10_000);
  expect(pids.filter(isAlive)).toEqual([]);
});

test('a bad variable or option stops the start with one sentence that names it, exit code 1', async () => {
  const start = (env: Record<string, string>, ...args: string[]) =>
    startPlatform(dataDir, env, args).catch((error: Error) => error.message);
  expect(await start({ WINDOW_SECONDS: 'two' })).toMatch(
    /ended with 1:\nWINDOW_SECONDS must be a whole number from 1 to 3600 \(it is "two"\)\n$/,
  );
  expect(await start({}, '--http-port', 'x')).toMatch(/ended with 1:\n--http-port should be a port number .*"x"\.\n$/);
});

import type { Page, WebSocketRoute } from 'playwright-core';

const WINDOW_MS = 2000;
const WINDOWS = 5;

/** A crowd behind the WebSocket of a page, without a platform. */
export interface PageCrowd {
  /** Resolves when the page has opened its WebSocket. */
  connected: Promise<void>;
  /** Everybody taps: so many taps of the first emoji, fewer of the others, in one frame, by a clock that goes on by a second. */
  tap(count: number): void;
}

export const createPageCrowd = async (page: Page, emojis: readonly string[]): Promise<PageCrowd> => {
  let socket: WebSocketRoute | undefined;
  let total = 0;
  let now = Date.now();
  let windows: { start: number; count: number }[] = [];
  const each = (count: number) =>
    Object.fromEntries(emojis.map((emoji, n) => [emoji, Math.round(count / (1 + n / 2))]));
  const send = () =>
    socket?.send(
      JSON.stringify({
        ...{ v: 1, type: 'counts', room_id: 'final', window_ms: WINDOW_MS, aggregation_ratio: 1000 },
        windows: windows.map(({ start, count }) => ({ start: new Date(start).toISOString(), counts: each(count) })),
        ...{ totals: each(total), at: new Date(now).toISOString() },
      }),
    );
  let resolve = () => {};
  const connected = new Promise<void>((isConnected) => (resolve = isConnected));
  await page.routeWebSocket(/^ws:/, (route) => {
    socket = route;
    route.onMessage((text) => {
      const { type, id } = JSON.parse(text.toString()) as { type: string; id?: number };
      if (type === 'room') send();
      if (type === 'ping') route.send(JSON.stringify({ type: 'pong', room_id: 'final' }));
      if (type === 'tap') route.send(JSON.stringify({ type: 'ack', id, status: 200 }));
    });
    resolve();
  });
  return {
    connected,
    tap(count) {
      now += 1000;
      total += count;
      const start = Math.floor(now / WINDOW_MS) * WINDOW_MS;
      const newest = windows.at(-1);
      if (newest?.start === start) newest.count += count;
      else windows = [...windows, { start, count }].slice(-WINDOWS);
      send();
    },
  };
};

import { createFakeRoom, type FakeRoom } from './fake-room.ts';
import { createFakeWebSocket, type FakeConnection } from './fake-socket.ts';
import type { SocketConstructor, TapEvent } from './types.ts';

export type { TapEvent } from './types.ts';

/** How taps are answered, instead of being counted. */
export interface Refusal {
  /** An HTTP status; 0 = no answer. */
  status: number;
  error?: string;
  /** s */
  retryAfter?: number;
  /** Only requests with such a tap. */
  emoji?: string;
}

/** A server in memory, for tests of pages that use this package. Works with fake timers. */
export interface FakeServer {
  /** Spread them into the options of `createReactions`. */
  readonly options: {
    url: string;
    socketUrl: string;
    fetch: typeof globalThis.fetch;
    WebSocket: SocketConstructor;
  };
  /** The taps that were counted: each `event_id` once. */
  readonly taps: readonly TapEvent[];
  /** All requests: `socket open`, `socket tap`, `socket ping`, `GET /live`, `POST /emoji` … */
  readonly calls: readonly string[];
  /** Number of open WebSockets. */
  readonly connections: number;
  total(emoji: string, room?: string): number;
  /** Others tap. Published within a second, as are taps of clients. */
  crowd(emoji: string, count?: number, room?: string): void;
  /** Publishes the counts of all rooms now. */
  publish(): void;
  /** Sends a message as it is to all WebSockets. */
  send(message: unknown): void;
  /** Closes all WebSockets. Clients may connect again. */
  cut(): void;
  /** false: no connection opens and no request succeeds, until true. */
  setReachable(isReachable: boolean): void;
  /** false: WebSockets cannot be opened, and open ones are closed, until true. */
  setSockets(isAvailable: boolean): void;
  /** true: WebSockets stay open, but nothing is answered or sent, until false. */
  setHanging(isHanging: boolean): void;
  /** The answer to taps from now on; undefined = they are counted. */
  refuseTaps(refusal: Refusal | undefined): void;
  /** Tokens must pass this check; undefined = none is needed. */
  setTokenCheck(isValid: ((token: string | undefined) => boolean) | undefined): void;
}

export interface FakeServerOptions {
  /** Room of `crowd` and `total` unless they name one (default `global`). */
  room?: string;
  /** Time of the server (ms since the epoch); default: the clock of this machine. */
  clock?: () => number;
}

const PUBLISH_MS = 1000;

export const createFakeServer = ({
  room: defaultRoom = 'global',
  clock = Date.now,
}: FakeServerOptions = {}): FakeServer => {
  const rooms = new Map<string, FakeRoom>();
  const connections = new Set<FakeConnection>();
  const taps: TapEvent[] = [];
  const calls: string[] = [];
  const known = new Set<string>();
  const etags = new Map<string, number>();
  let isReachable = true;
  let hasSockets = true;
  let isHanging = false;
  let refusal: Refusal | undefined;
  let isValid: ((token: string | undefined) => boolean) | undefined;
  let publishing: ReturnType<typeof setTimeout> | undefined;

  const roomOf = (id: string): FakeRoom => {
    const room = rooms.get(id) ?? createFakeRoom(id, clock);
    rooms.set(id, room);
    return room;
  };
  const send = (connection: FakeConnection, message: unknown) => {
    if (!isHanging) connection.send(message);
  };
  const publish = () => {
    clearTimeout(publishing);
    publishing = undefined;
    for (const connection of connections) send(connection, roomOf(connection.room).frame());
  };
  const add = (emoji: string, count: number, room: string) => {
    roomOf(room).add(emoji, count);
    etags.set(room, (etags.get(room) ?? 0) + 1);
    publishing ??= setTimeout(publish, PUBLISH_MS);
  };
  const countTaps = (events: readonly TapEvent[]): Refusal => {
    if (refusal && (refusal.emoji === undefined || events.some((each) => each.emoji_type === refusal?.emoji)))
      return refusal;
    for (const event of events) {
      const key = `${event.user_id} ${event.room_id} ${event.event_id}`;
      if (known.has(key)) continue;
      known.add(key);
      taps.push(event);
      add(event.emoji_type, event.count, event.room_id);
    }
    return { status: 200 };
  };

  interface Message {
    type: string;
    id?: number;
    room_id?: string;
    events?: TapEvent[];
  }
  const receive = (connection: FakeConnection, text: string) => {
    if (isHanging) return;
    const message = JSON.parse(text) as Message;
    calls.push(`socket ${message.type}`);
    const token = connection.url.searchParams.get('token') ?? undefined;
    const isAllowed = isValid === undefined || isValid(token);
    const rejection = { status: 401, error: 'The token has expired' };
    if (message.type === 'tap') {
      const { status, error, retryAfter } = isAllowed ? countTaps(message.events ?? []) : (rejection as Refusal);
      if (status > 0) send(connection, { type: 'ack', id: message.id, status, error, retry_after: retryAfter });
    } else if (!isAllowed) {
      send(connection, { type: 'error', of: message.type, ...rejection });
    } else if (message.type === 'room') {
      connection.room = message.room_id ?? defaultRoom;
      send(connection, roomOf(connection.room).frame());
    } else if (message.type === 'ping') {
      send(connection, { type: 'pong', room_id: connection.room });
    }
  };

  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const { method = 'GET', body } = init;
    calls.push(`${method} ${url.pathname}`);
    await Promise.resolve();
    if (!isReachable) throw new TypeError('fetch failed');
    const headers = new Headers(init.headers);
    const answer = (status: number, json?: unknown, more: Record<string, string> = {}) =>
      new Response(json === undefined ? null : JSON.stringify(json), { status, headers: more });
    if (isValid && !isValid(headers.get('authorization')?.replace(/^Bearer /, '')))
      return answer(401, { error: 'The token has expired' });
    if (url.pathname === '/live') {
      const room = url.searchParams.get('room_id') ?? defaultRoom;
      const etag = `"${room}-${etags.get(room) ?? 0}"`;
      if (headers.get('if-none-match') === etag) return answer(304, undefined, { etag });
      return answer(200, roomOf(room).frame(), { etag });
    }
    if (url.pathname !== '/emoji') return answer(404, { error: 'Not found' });
    const { events } = JSON.parse(body as string) as { events: TapEvent[] };
    const { status, error, retryAfter } = countTaps(events);
    if (status === 0) throw new TypeError('fetch failed');
    return answer(
      status,
      error ? { error } : { status: 'success' },
      retryAfter ? { 'retry-after': `${retryAfter}` } : {},
    );
  };

  const cut = () => {
    for (const connection of connections) connection.close();
  };
  return {
    options: {
      url: 'http://fake.test',
      socketUrl: 'ws://fake.test',
      fetch,
      WebSocket: createFakeWebSocket({
        accepts: (url) => {
          calls.push('socket open');
          const token = url.searchParams.get('token') ?? undefined;
          return isReachable && hasSockets && (isValid === undefined || isValid(token));
        },
        onOpen: (connection) => connections.add(connection),
        onMessage: receive,
        onClose: (connection) => connections.delete(connection),
      }),
    },
    taps,
    calls,
    get connections() {
      return connections.size;
    },
    total: (emoji, room = defaultRoom) => roomOf(room).total(emoji),
    crowd: (emoji, count = 1, room = defaultRoom) => add(emoji, count, room),
    publish,
    send(message) {
      for (const connection of connections) send(connection, message);
    },
    cut,
    setReachable(reachable) {
      isReachable = reachable;
      if (!reachable) cut();
    },
    setSockets(isAvailable) {
      hasSockets = isAvailable;
      if (!isAvailable) cut();
    },
    setHanging: (hanging) => void (isHanging = hanging),
    refuseTaps: (next) => void (refusal = next),
    setTokenCheck: (check) => void (isValid = check),
  };
};

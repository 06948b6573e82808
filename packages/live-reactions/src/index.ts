import { createConnection, reasonOf } from './connection.ts';
import { environment, listen } from './environment.ts';
import { qualified } from './emoji.ts';
import { createHttp } from './http.ts';
import { anonymousUser } from './ids.ts';
import { createOutbox } from './outbox.ts';
import { createStore } from './store.ts';
import { createTokens } from './tokens.ts';
import type {
  Dropped,
  Reason,
  Reactions,
  ReactionsEvents,
  ReactionsOptions,
  ReactionsSnapshot,
  State,
} from './types.ts';

export type * from './types.ts';

/** The server recognises the copy of a tap for 10 minutes. */
const MAX_KEEP_MS = 300_000;

/** Connects to a room; `close` or `signal` ends it. */
export const createReactions = <E extends string = string>(options: ReactionsOptions): Reactions<E> => {
  const { keepMs = 60_000, signal, fetch = globalThis.fetch } = options;
  const tokens = createTokens(options.token);
  const http = createHttp(options.url, fetch);
  const listeners = new Set<readonly [event: string, listener: (value: never) => void]>();
  let { userId } = options;
  /** Complete as soon as there is a store and a connection. */
  let current = {} as ReactionsSnapshot;
  let dropped: Dropped | undefined;
  let pendingReason: Reason | undefined;
  let isClosed = false;

  const user = async () => (userId ??= (await tokens.get())?.user ?? anonymousUser());

  const emit = <K extends keyof ReactionsEvents>(event: K, value: ReactionsEvents[K]) => {
    current = { ...current, [event]: value };
    for (const [name, listener] of listeners)
      try {
        if (name === event) listener(value as never);
      } catch (error) {
        // The error of one listener must stop neither the others nor the client; it is reported as uncaught.
        setTimeout(() => {
          throw error;
        });
      }
  };
  const state = (): State => ({ ...connection.state, pending: outbox.pending, pendingReason, dropped });
  const updateState = () => {
    const next = state();
    if (JSON.stringify(next) !== JSON.stringify(current.state)) emit('state', next);
  };
  const openRoom = (room: string) =>
    createStore(room, (counts, totals) => {
      emit('counts', counts);
      emit('totals', totals);
    });

  let store = openRoom(options.room);
  const outbox = createOutbox({
    keepMs: Math.min(keepMs, MAX_KEEP_MS),
    user,
    send: (events, isLast) => connection.sendTaps(events, isLast),
    onSettled(event, drop) {
      if (isClosed) return;
      dropped = drop ?? dropped;
      pendingReason = undefined;
      if (event.room_id === store.room) store.settle(event.emoji_type, event.count, !drop, !outbox.pending);
      updateState();
    },
    onRetry(answer) {
      pendingReason = reasonOf(answer);
      updateState();
    },
  });
  const connection = createConnection({
    http,
    tokens,
    room: options.room,
    socketUrl: options.socketUrl,
    WebSocket: options.WebSocket,
    onCounts: (each) => store.apply(each),
    onChange: updateState,
    onOnline: () => outbox.retryNow(),
  });
  updateState();

  const unlisten = listen(environment, 'pagehide', () => outbox.end());
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    outbox.end();
    unlisten();
    store.close();
    connection.close();
    updateState();
  };
  if (signal?.aborted) close();
  else signal?.addEventListener('abort', close);

  return {
    get current() {
      return current as ReactionsSnapshot<E>;
    },
    tap(emoji) {
      if (isClosed || typeof emoji !== 'string' || !emoji) return;
      const known = qualified(emoji);
      outbox.tap(store.room, known);
      store.tap(known);
      updateState();
    },
    on(event, listener) {
      const entry = [event, listener] as const;
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    setRoom(room) {
      if (isClosed || room === store.room) return;
      store.close();
      store = openRoom(room);
      connection.setRoom(room);
      updateState();
    },
    close,
  };
};

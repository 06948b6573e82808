/** A number of taps for each emoji. Emojis that nobody has tapped are absent. */
export type Tally<E extends string = string> = { readonly [emoji in E]?: number };

/** The taps of one window of time, as counted so far. */
export interface ReactionWindow<E extends string = string> {
  /** When the window begins (ms since the epoch, by the server's clock). */
  readonly start: number;
  /** The window is over. */
  readonly final: boolean;
  readonly counts: Tally<E>;
}

/** The newest windows of the room, and what to animate. */
export interface Counts<E extends string = string> {
  readonly room: string;
  /** Length of a window (ms): spread an animation of `added` over this time. */
  readonly windowMs: number;
  /** Show one emoji for this many taps: `Math.ceil(count / ratio)`. */
  readonly ratio: number;
  /** The windows of the last two minutes in which somebody tapped, oldest first, as the server counts them. */
  readonly windows: readonly ReactionWindow<E>[];
  /**
   * Taps that became known with this event and are recent: animate these. Own taps are in it when they are tapped, and
   * not a second time when the server has counted them.
   */
  readonly added: Tally<E>;
  /** Whether `added` are the user's own taps, which the server has not counted yet. */
  readonly own: boolean;
}

/** All taps of the room by emoji, including own taps that the server has not counted yet. */
export type Totals<E extends string = string> = Tally<E>;

export type Status =
  /** The first attempt is under way. */
  | 'connecting'
  /** Counts arrive, over the `transport`. */
  | 'live'
  /** No counts arrive; the next attempt is at `nextTry`. */
  | 'retrying'
  /** The device has no network. Attempts continue when it has. */
  | 'offline'
  /** The server rejects the token, or the token does not allow this room. */
  | 'refused'
  | 'closed';

/** Why there are no counts, or why they are polled. `messageOf` of `live-reactions/messages` says it as a sentence. */
export type Reason =
  | 'offline'
  /** `socketUrl: false` */
  | 'socket-disabled'
  /** Neither `socketUrl` nor the server names an address. */
  | 'socket-unknown'
  /** This runtime has no WebSocket (Node.js before 22). */
  | 'socket-missing'
  /** The connection cannot be opened. */
  | 'socket-failed'
  /** The server or a proxy has closed the connection. */
  | 'socket-closed'
  /** The connection is open, but nothing is answered. */
  | 'socket-silent'
  | 'http-failed'
  | 'rate-limited'
  | 'overloaded'
  /** The token function has thrown. */
  | 'token-failed'
  | 'unauthorized'
  | 'forbidden';

export interface State {
  readonly status: Status;
  /** How counts arrive; undefined while none do. */
  readonly transport: 'socket' | 'polling' | undefined;
  readonly reason: Reason | undefined;
  /** When the next attempt begins (ms since the epoch): of the WebSocket while polling, else of any transport. */
  readonly nextTry: number | undefined;
  /** Number of own taps that the server has not confirmed yet. */
  readonly pending: number;
  /** Why they wait: the newest attempt to send them has failed, and another one follows. */
  readonly pendingReason: Reason | undefined;
  /** The newest taps that were given up: rejected by the server, or not sent within `keepMs`. */
  readonly dropped: Dropped | undefined;
}

export interface Dropped {
  readonly emoji: string;
  readonly count: number;
  /** HTTP status of the rejection; undefined: they were kept for `keepMs` without an answer. */
  readonly status: number | undefined;
  /** What the server says about it. */
  readonly message: string | undefined;
}

export type TokenSource = string | (() => string | Promise<string>);

export interface ReactionsOptions {
  /** Base address of the HTTP API, such as `https://api.example.com` or `http://localhost:5013`. */
  url: string;
  room: string;
  /**
   * Address of the WebSocket API, such as `wss://….amazonaws.com/prod` or `ws://localhost:3001`. Without it, the client
   * takes `socket_url` from the answer of `GET /live`. `false`: counts are polled.
   */
  socketUrl?: string | false | undefined;
  /** A JWT, or a function that returns one and is called again before it ends. */
  token?: TokenSource | undefined;
  /** Default: `sub` of the token, or else a random id, kept in localStorage where there is one. */
  userId?: string | undefined;
  /** How long taps are kept without an answer (default 60,000 ms; at most 5 minutes). */
  keepMs?: number | undefined;
  /** Closes the client. */
  signal?: AbortSignal | undefined;
  /** Instead of the global `fetch`, such as the one of `live-reactions/testing`. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Instead of the global `WebSocket`, such as `ws` on Node.js 20. */
  WebSocket?: SocketConstructor | undefined;
}

/** What is used of a WebSocket: browsers, `ws` and Node.js 22 provide it. */
export interface SocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}
export type SocketConstructor = new (url: string) => SocketLike;

/** A tap as the server takes it. It is sent again unchanged, so that the server recognises the copy. */
export interface TapEvent {
  user_id: string;
  room_id: string;
  emoji_type: string;
  timestamp: string;
  event_id: string;
  count: number;
}

/** What the listeners of each event get. */
export interface ReactionsEvents<E extends string = string> {
  counts: Counts<E>;
  totals: Totals<E>;
  state: State;
}

/** The newest value of each event. The object is a new one after each change, and never modified. */
export type ReactionsSnapshot<E extends string = string> = Readonly<ReactionsEvents<E>>;

export interface Reactions<E extends string = string> {
  /** The newest counts, totals and state. */
  readonly current: ReactionsSnapshot<E>;
  /**
   * Taps an emoji: shown at once, then sent. Taps within 250 ms (at most 20) are sent together. Never throws; ignored
   * after `close`.
   */
  tap(emoji: E): void;
  /** Calls the listener after each change. @returns a function that removes it */
  on<K extends keyof ReactionsEvents<E>>(event: K, listener: (value: ReactionsEvents<E>[K]) => void): () => void;
  /** Shows another room, over the same connection. Taps made before still count in their room. */
  setRoom(room: string): void;
  /** Sends what was tapped, then ends the connection. */
  close(): void;
}

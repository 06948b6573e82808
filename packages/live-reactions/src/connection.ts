import { backoff, timer } from './backoff.ts';
import { environment, isHidden, isOffline, listen } from './environment.ts';
import { readState, type RoomState } from './frame.ts';
import { NO_ANSWER, type Answer, type Http } from './http.ts';
import { openSocket, type Socket } from './socket.ts';
import type { Token, Tokens } from './tokens.ts';
import type { Reason, SocketConstructor, State } from './types.ts';

const POLL_MS = 2000;
const RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

interface Options {
  http: Http;
  tokens: Tokens;
  room: string;
  socketUrl: string | false | undefined;
  WebSocket: SocketConstructor | undefined;
  onCounts(state: RoomState): void;
  /** `state` may have changed. */
  onChange(): void;
  /** The server can be reached again. */
  onOnline(): void;
}

export interface Connection {
  readonly state: Pick<State, 'status' | 'transport' | 'reason' | 'nextTry'>;
  setRoom(room: string): void;
  /** Over the WebSocket if it works, else by HTTP. @param isLast in a way that outlives the page */
  sendTaps(events: readonly unknown[], isLast: boolean): Promise<Answer>;
  close(): void;
}

const REASONS: Record<number, Reason> = {
  401: 'unauthorized',
  403: 'forbidden',
  429: 'rate-limited',
  503: 'overloaded',
};
export const reasonOf = ({ status }: Answer): Reason => REASONS[status] ?? 'http-failed';

/** Receives a room's counts over a WebSocket, and polls them while that fails. */
export const createConnection = (options: Options): Connection => {
  const { http, tokens, onCounts, onChange, onOnline } = options;
  const WebSocket = options.WebSocket ?? environment.WebSocket;
  const socketRetry = timer();
  const pollNext = timer();
  const renewal = timer();
  let { room, socketUrl } = options;
  let socket: Socket | undefined;
  let token: Token | undefined;
  let etag: string | undefined;
  let isClosed = false;
  let isConnecting = false;
  let isPolling = false;
  let isPollLive = false;
  let socketFailures = 0;
  let pollFailures = 0;
  /** The number of the newest request: answers to older ones are ignored. */
  let pollCall = 0;
  let socketReason: Reason | undefined;
  let pollReason: Reason | undefined;
  let refusal: Reason | undefined;

  const state = (): Connection['state'] => {
    const none = { transport: undefined, reason: undefined, nextTry: undefined };
    if (isClosed) return { ...none, status: 'closed' };
    if (socket?.isLive) return { ...none, status: 'live', transport: 'socket' };
    if (isPollLive) return { status: 'live', transport: 'polling', reason: socketReason, nextTry: socketRetry.at };
    const nextTry = Math.min(socketRetry.at ?? Infinity, pollNext.at ?? Infinity);
    const failed = isOffline() ? 'offline' : (pollReason ?? socketReason);
    return {
      status: refusal ? 'refused' : failed === 'offline' ? failed : failed ? 'retrying' : 'connecting',
      transport: undefined,
      reason: refusal ?? failed,
      nextTry: nextTry < Infinity ? nextTry : undefined,
    };
  };

  /** Takes a token. @returns false when there is none */
  const authorize = async (): Promise<boolean> => {
    try {
      token = await tokens.get();
      return true;
    } catch {
      return false;
    }
  };
  /** Takes a new token before this one ends, and connects again with it. */
  const scheduleRenewal = () => {
    const due = tokens.renewIn(token);
    if (due === undefined) return;
    renewal.set(due, () => {
      tokens.reject(token);
      if (socket) reconnect();
    });
  };
  const receive = (message: unknown) => {
    const counts = readState(message);
    if (!counts) return;
    tokens.serverTime(counts.at);
    if (counts.room === room) onCounts(counts);
  };

  const stop = () => {
    socketRetry.clear();
    socket?.close();
    socket = undefined;
    stopPolling();
  };
  const stopPolling = () => {
    pollNext.clear();
    isPolling = isPollLive = false;
    pollReason = undefined;
    pollFailures = 0;
    pollCall++;
  };
  const startPolling = () => {
    if (isPolling) return;
    isPolling = true;
    void poll();
  };
  const reconnect = () => {
    socketRetry.clear();
    socket?.close();
    socket = refusal = undefined;
    socketFailures = 0;
    void connect();
  };
  const retrySocket = (reason: Reason, atLeastMs = 0) => {
    socket = undefined;
    socketReason = reason;
    socketRetry.set(atLeastMs + backoff(socketFailures++, RETRY_MS, MAX_RETRY_MS), () => void connect());
  };
  /** The server rejects the token or the room: nothing is tried until there is another room. */
  const refuse = (answer: Answer) => {
    stop();
    refusal = reasonOf(answer);
  };

  const connect = async () => {
    if (isClosed || socket || isConnecting) return;
    if (!socketUrl || !WebSocket) {
      socketReason = socketUrl === false ? 'socket-disabled' : socketUrl ? 'socket-missing' : 'socket-unknown';
      return startPolling();
    }
    isConnecting = true;
    const isAuthorized = await authorize();
    isConnecting = false;
    if (isClosed) return;
    try {
      if (!isAuthorized) retrySocket('token-failed');
      else socket = open(WebSocket, socketUrl);
    } catch {
      // The address is invalid, or the page's policy forbids it.
      retrySocket('socket-failed');
      startPolling();
    }
    onChange();
  };
  const open = (Socket: SocketConstructor, address: string) => {
    const query = new URLSearchParams({ room_id: room, ...(token && { token: token.text }) });
    return openSocket({
      Socket,
      url: `${address}${address.includes('?') ? '&' : '?'}${query}`,
      room,
      onMessage: receive,
      onLive() {
        stopPolling();
        socketFailures = 0;
        refusal = undefined;
        scheduleRenewal();
        onChange();
        onOnline();
      },
      onRefused(answer) {
        if (answer.status === 403) {
          refuse(answer);
        } else {
          // 401 may also mean that the server has forgotten the connection: a new one shows whether the token is valid.
          if (answer.status === 401) tokens.reject(token);
          socket?.close();
          retrySocket(reasonOf(answer), answer.retryAfterMs);
          startPolling();
        }
        onChange();
      },
      onEnd(reason) {
        // A connection that worked usually comes back at once.
        if (socketFailures > 0 || reason === 'socket-failed') startPolling();
        retrySocket(reason);
        onChange();
      },
    });
  };

  const schedulePoll = (ms: number) => {
    if (!isHidden()) pollNext.set(ms, () => void poll());
  };
  const poll = async () => {
    const call = ++pollCall;
    pollNext.clear();
    const isAuthorized = await authorize();
    // Browsers revalidate by themselves, and allow no `If-None-Match` across origins. Elsewhere it saves the body.
    const known = environment.location ? undefined : etag;
    const answer: Answer = isAuthorized
      ? await http(`/live?room_id=${encodeURIComponent(room)}`, { token, etag: known })
      : NO_ANSWER;
    if (call !== pollCall) return;
    const { status } = answer;
    if (status === 200 || status === 304) {
      isPollLive = true;
      pollFailures = 0;
      refusal = undefined;
      if (status === 200) readPolled(answer);
      schedulePoll(POLL_MS * (0.9 + Math.random() / 5));
    } else if (status === 403 || (status === 401 && !tokens.reject(token))) {
      refuse(answer);
    } else {
      isPollLive = false;
      pollReason = isAuthorized ? reasonOf(answer) : 'token-failed';
      if (status === 401) refusal = pollReason;
      schedulePoll((answer.retryAfterMs ?? 0) + backoff(pollFailures++, POLL_MS, MAX_RETRY_MS));
    }
    onChange();
  };
  const readPolled = (answer: Answer) => {
    etag = answer.etag ?? undefined;
    receive(answer.body);
    scheduleRenewal();
    const found = (answer.body as { socket_url?: unknown } | undefined)?.socket_url;
    if (socketUrl !== undefined || typeof found !== 'string') return;
    socketUrl = found;
    void connect();
  };

  /** The network, or the user, is back. */
  const wakeUp = () => {
    if (refusal) return;
    if (socket) socket.probe();
    else reconnect();
    if (isPolling) void poll();
    onOnline();
    onChange();
  };
  const unlisten = [
    listen(environment, 'online', wakeUp),
    listen(environment, 'offline', () => {
      socket?.probe();
      onChange();
    }),
    listen(environment.document, 'visibilitychange', () => isHidden() || wakeUp()),
  ];

  void connect();
  return {
    get state() {
      return state();
    },
    setRoom(next) {
      room = next;
      etag = undefined;
      if (refusal) reconnect();
      else socket?.setRoom(room);
      if (isPolling) void poll();
    },
    async sendTaps(events, isLast) {
      const via = socket?.isLive && !socket.isDoubtful && !isLast ? socket : undefined;
      const answer: Answer = via
        ? await via.tap(events)
        : (await authorize())
          ? await http('/emoji', { token, body: { events }, keepalive: isLast })
          : NO_ANSWER;
      if (answer.status !== 401 || (!tokens.reject(token) && !via)) return answer;
      // Sent again with a new token, or on a new connection.
      if (via) reconnect();
      return NO_ANSWER;
    },
    close() {
      isClosed = true;
      for (const remove of unlisten) remove();
      renewal.clear();
      stop();
    },
  };
};

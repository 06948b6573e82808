import { timer } from './backoff.ts';
import { NO_ANSWER, type Answer } from './http.ts';
import type { Reason, SocketConstructor } from './types.ts';

/** API Gateway closes connections that are idle for 10 minutes. */
const PING_MS = 240_000;
/** For the connection to open, and for the answer to the first message. */
const OPEN_WITHIN_MS = 10_000;
const ANSWER_WITHIN_MS = 5000;
const OPEN = 1;

interface Options {
  Socket: SocketConstructor;
  url: string;
  room: string;
  /** The connection is open, and the server has answered for the room. */
  onLive(): void;
  /** A frame, perhaps. */
  onMessage(message: unknown): void;
  /** The server rejects the room or the token: end this connection. */
  onRefused(answer: Answer): void;
  /** Called once; not after `close`. */
  onEnd(reason: Reason): void;
}

export interface Socket {
  readonly isLive: boolean;
  /** An answer is due: the connection may be dead. */
  readonly isDoubtful: boolean;
  setRoom(room: string): void;
  /** Resolves with status 0 when there is no answer in time, or when the connection ends. */
  tap(events: readonly unknown[]): Promise<Answer>;
  /** Ends the connection unless the server answers. */
  probe(): void;
  close(): void;
}

interface Message {
  type?: unknown;
  id?: unknown;
  /** Only in errors: the type of the message that failed. */
  of?: unknown;
  status?: unknown;
  error?: string;
  retry_after?: number;
  room_id?: unknown;
}

const toAnswer = ({ status, error, retry_after }: Message): Answer => ({
  status: Number(status),
  error,
  retryAfterMs: retry_after && retry_after * 1000,
});

/** One connection, from its opening to its end. */
export const openSocket = (options: Options): Socket => {
  const ws = new options.Socket(options.url);
  const silence = timer();
  const ping = timer();
  const waiting = new Map<number, (answer: Answer) => void>();
  let { room } = options;
  /** The room that the server was asked for, until it answers: one question at a time. */
  let asked: string | undefined;
  let isLive = false;
  let isOver = false;
  let lastId = 0;

  const end = (reason?: Reason) => {
    if (isOver) return;
    isOver = true;
    isLive = false;
    silence.clear();
    ping.clear();
    for (const settle of waiting.values()) settle(NO_ANSWER);
    ws.close();
    if (reason) options.onEnd(reason);
  };
  const send = (message: object): boolean => {
    const isOpen = ws.readyState === OPEN;
    if (isOpen) ws.send(JSON.stringify(message));
    return isOpen;
  };
  const expectAnswer = (withinMs: number) => silence.set(withinMs, () => end('socket-silent'));
  const probe = () => {
    if (!isLive) return;
    if (!send({ type: 'ping' })) return end('socket-closed');
    expectAnswer(ANSWER_WITHIN_MS);
    schedulePing();
  };
  const schedulePing = () => ping.set(PING_MS, probe);
  const askRoom = () => {
    asked = room;
    if (send({ type: 'room', room_id: room })) expectAnswer(OPEN_WITHIN_MS);
  };
  const roomAnswered = () => {
    const next = asked !== room;
    asked = undefined;
    silence.clear();
    if (next) return askRoom();
    if (isLive) return;
    isLive = true;
    options.onLive();
  };

  const receive = (message: Message) => {
    if (asked === undefined) silence.clear(); // anything that arrives shows that the connection works
    const { type, of } = message;
    if (type === 'counts') {
      options.onMessage(message);
      if (message.room_id === asked) roomAnswered();
    } else if (type === 'ack') {
      waiting.get(message.id as number)?.(toAnswer(message));
    } else if (of === 'ping' && message.status === 404) {
      askRoom(); // the server has forgotten this connection
    } else if (of) {
      options.onRefused(toAnswer(message));
    }
  };

  silence.set(OPEN_WITHIN_MS, () => end('socket-failed'));
  ws.onopen = () => {
    askRoom();
    schedulePing();
  };
  ws.onmessage = ({ data }: { data: unknown }) => {
    if (isOver) return;
    let message: Message | null;
    try {
      message = JSON.parse(data as string) as Message | null;
    } catch {
      return;
    }
    if (message) receive(message);
  };
  ws.onerror = () => {};
  ws.onclose = () => end(isLive ? 'socket-closed' : 'socket-failed');

  return {
    get isLive() {
      return isLive;
    },
    get isDoubtful() {
      return silence.at !== undefined;
    },
    setRoom(next) {
      room = next;
      if (isLive && asked === undefined) askRoom();
    },
    tap(events) {
      const id = ++lastId;
      return new Promise((resolve) => {
        const late = setTimeout(() => {
          settle(NO_ANSWER);
          probe();
        }, ANSWER_WITHIN_MS);
        const settle = (answer: Answer) => {
          clearTimeout(late);
          waiting.delete(id);
          resolve(answer);
        };
        waiting.set(id, settle);
        if (!isLive || !send({ type: 'tap', id, events })) settle(NO_ANSWER);
      });
    },
    probe,
    close: () => end(),
  };
};

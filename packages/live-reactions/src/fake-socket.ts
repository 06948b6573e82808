import type { SocketConstructor, SocketLike } from './types.ts';

/** The server's side of a connection. */
export interface FakeConnection {
  readonly url: URL;
  room: string;
  /** Delivers a message, unless the connection is over. */
  send(message: unknown): void;
  close(code?: number): void;
}

interface Behaviour {
  /** Whether the connection opens. `undefined`: it neither opens nor fails. */
  accepts(url: URL): boolean | undefined;
  onOpen(connection: FakeConnection): void;
  onMessage(connection: FakeConnection, message: string): void;
  onClose(connection: FakeConnection): void;
}

type Handler = ((event: never) => void) | null;

/** Later, but before any timer. Not queueMicrotask, which fake timers may replace. */
const soon = (act: () => void) => void Promise.resolve().then(act);

/** A WebSocket class whose connections lead to this behaviour, in memory. */
export const createFakeWebSocket = ({ accepts, onOpen, onMessage, onClose }: Behaviour): SocketConstructor =>
  class FakeWebSocket implements SocketLike {
    readyState = 0;
    onopen: Handler = null;
    onmessage: Handler = null;
    onclose: Handler = null;
    onerror: Handler = null;
    readonly #connection: FakeConnection;

    constructor(address: string) {
      const url = new URL(address);
      this.#connection = {
        url,
        room: url.searchParams.get('room_id') ?? 'global',
        send: (message) =>
          soon(() => {
            if (this.readyState === 1) this.onmessage?.({ data: JSON.stringify(message) } as never);
          }),
        close: (code = 1001) => this.#end(code),
      };
      soon(() => {
        const isAccepted = this.readyState === 0 ? accepts(url) : undefined;
        if (isAccepted === false) return this.#end(1006);
        if (isAccepted === undefined) return;
        this.readyState = 1;
        onOpen(this.#connection);
        this.onopen?.({} as never);
      });
    }

    send(data: string): void {
      if (this.readyState === 1) soon(() => onMessage(this.#connection, data));
    }

    close(): void {
      this.#end(1000);
    }

    #end(code: number): void {
      if (this.readyState === 3) return;
      this.readyState = 3;
      onClose(this.#connection);
      soon(() => this.onclose?.({ code } as never));
    }
  };

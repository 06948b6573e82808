import { connect, isIPv6, type Socket } from 'node:net';
import type { Client } from '../../domain/registration.ts';
import type { Frame } from '../../domain/update.ts';
import { PlatformError } from '../../errors.ts';
import { Backlog, encodeFrame } from './backlog.ts';

export interface ConnectionOptions {
  addressesOf: (host: string) => Promise<string[]>;
  /** A connection that is not open after this (ms) is a failed delivery. */
  connectTimeoutMs: number;
  /** A client that takes nothing for this long (ms) is a failed delivery, again and again. */
  stallMs: number;
  /** Called once, after `MAX_FAILURES` failed deliveries in a row. */
  onDead: (clientId: string) => void;
}

const MAX_FAILURES = 3;

/**
 * One client's connection: opened when there is something to send, kept and reused, opened again when the client
 * closes it after each message. What is offered while a send is under way is merged and goes with the next one.
 */
export class ClientConnection {
  readonly client: Client;
  /** ms since the epoch. */
  lastOfferAt = 0;
  readonly #options: ConnectionOptions;
  readonly #backlog = new Backlog();
  #socket: Socket | undefined;
  #sending: Promise<void> | undefined;
  #lastFrame: Frame | undefined;
  #failures = 0;

  constructor(client: Client, options: ConnectionOptions) {
    this.client = client;
    this.#options = options;
  }

  /**
   * Sends the frame, or leaves it for when the client takes what it has been sent before. Never rejects.
   * @param encoded the same frame encoded, so that a thousand clients share one encoding.
   */
  offer(frame: Frame, encoded: string): Promise<void> {
    this.lastOfferAt = Date.now();
    if (!this.#sending && this.#backlog.isEmpty) return (this.#sending = this.#send(frame, encoded));
    this.#backlog.add(frame);
    return (this.#sending ??= this.#send(this.#backlog.take()));
  }

  close(): void {
    this.#socket?.destroy();
  }

  async #send(first: Frame | undefined, encoded?: string): Promise<void> {
    let frame = first;
    try {
      for (let text = encoded; frame; frame = this.#backlog.take(), text = undefined) {
        await this.#write(await this.#open(), text ?? encodeFrame(frame));
        this.#failures = 0;
        this.#lastFrame = frame;
      }
    } catch {
      // The counts stay for the next attempt; counting the failures is what is done about them.
      if (frame) this.#backlog.add(frame);
      this.#failed();
    } finally {
      this.#sending = undefined;
    }
  }

  async #open(): Promise<Socket> {
    if (this.#socket?.writable) return this.#socket;
    const { addressesOf, connectTimeoutMs } = this.#options;
    const { host, port } = this.client;
    const addresses = (await addressesOf(host)).map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
    const socket = connect({
      host,
      port,
      noDelay: true,
      // The addresses that were checked, whatever the name says now.
      lookup: (_host, { all }, done) => {
        const [first] = addresses;
        if (all) done(null, addresses);
        else done(null, first?.address ?? '', first?.family);
      },
    });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => socket.destroy(new PlatformError('delivery_failed', 'Connecting took too long')),
        connectTimeoutMs,
      );
      socket
        .once('connect', resolve)
        .once('error', reject)
        .once('close', () => clearTimeout(timer));
      socket.once('connect', () => clearTimeout(timer));
    });
    // A client may talk; nobody listens, but its words must not fill our memory.
    socket.resume();
    socket.on('error', () => this.#reset(socket));
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    return (this.#socket = socket);
  }

  #write(socket: Socket, text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const stalled = setInterval(() => this.#failed(), this.#options.stallMs);
      const settle = (error?: Error | null) => {
        clearInterval(stalled);
        socket.off('close', closed);
        if (error) reject(error);
        else resolve();
      };
      const closed = () => settle(new PlatformError('delivery_failed', 'The client closed the connection'));
      socket.once('close', closed);
      socket.write(text, settle);
    });
  }

  /** The client closed with our last frame unread, as one that takes a message per connection may: tell it again, once. */
  #reset(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    const frame = this.#lastFrame;
    this.#lastFrame = undefined;
    if (frame && !this.#sending) this.#sending = this.#send(frame);
  }

  #failed(): void {
    if (++this.#failures === MAX_FAILURES) {
      this.close();
      this.#options.onDead(this.client.id);
    }
  }
}

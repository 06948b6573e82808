import type { Socket } from 'node:net';
import type { Client } from '../../domain/registration.ts';
import type { Frame } from '../../domain/frame.ts';
import { PlatformError } from '../../errors.ts';
import { awakeClock } from './awake-clock.ts';
import { Backlog, encodeFrame } from './backlog.ts';
import { dial, opened, write } from './dial.ts';

export interface ConnectionOptions {
  addressesOf: (host: string, port: number) => Promise<string[]>;
  /** A connection that is not open after this (ms) is a failed delivery; so is a handshake that takes longer. */
  connectTimeoutMs: number;
  /** What a new connection has to pass before the first frame. It rejects when the client fails. */
  handshake?: ((socket: Socket, withinMs: number) => Promise<void>) | undefined;
  /** A client that takes nothing for this long (ms) is a failed delivery, again and again. */
  stallMs: number;
  /** A client is given up when deliveries have failed for so long (ms), and `MIN_FAILURES` times at least. */
  giveUpMs: number;
  /** Called once, when the client is given up. */
  onDead: (clientId: string) => void;
}

const MIN_FAILURES = 3;
/** After a failed delivery the next attempt comes with the next frame, or, in a room that has fallen silent, after this. */
const RETRY_MS = 1000;

/** An open socket and what went over it. */
interface Link {
  socket: Socket;
  frames: number;
  /** The frame written last: the client may not have read it. */
  last: Frame | undefined;
  /** Whether that one holds what had been written before, in vain. */
  repeated: boolean;
}

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
  #link: Link | undefined;
  #sending: Promise<void> | undefined;
  #repeating = false;
  #failures = 0;
  /** By the clock of `awakeClock`: the first failure of those in a row. */
  #failingSince = 0;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;

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
    return this.#sendBacklog();
  }

  /** For good: nothing is sent and nothing is said about the client any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#link?.socket.destroy();
  }

  #sendBacklog(): Promise<void> {
    return (this.#sending ??= this.#send(this.#backlog.take()));
  }

  async #send(first: Frame | undefined, encoded?: string): Promise<void> {
    let frame = first;
    let kept = false;
    try {
      for (let text = encoded; frame; frame = this.#backlog.take(), text = undefined) {
        kept = false;
        const link = await this.#open();
        kept = link.frames > 0;
        await write(link.socket, text ?? encodeFrame(frame), this.#options.stallMs, () => this.#failed());
        if (kept) this.#failures = 0; // the client has kept the connection after the frame before
        link.frames++;
        link.last = frame;
        link.repeated = this.#repeating;
        this.#repeating = false;
      }
    } catch {
      // The counts stay for the next attempt; counting the failures is what is done about them.
      if (frame) this.#backlog.add(frame);
      if (!kept) this.#failed();
    } finally {
      this.#sending = undefined;
    }
    if (this.#closed || this.#backlog.isEmpty) return;
    // A kept connection that the client closed in this moment says nothing about the client: try a new one at once.
    if (kept) await this.#sendBacklog();
    else {
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.#sendBacklog(), RETRY_MS).unref();
    }
  }

  async #open(): Promise<Link> {
    if (this.#link?.socket.writable) return this.#link;
    const addresses = await this.#options.addressesOf(this.client.host, this.client.port);
    if (this.#closed) throw new PlatformError('delivery_failed', 'The client was unregistered after failed deliveries');
    const socket = dial(this.client.host, this.client.port, addresses);
    const link: Link = { socket, frames: 0, last: undefined, repeated: false };
    this.#link = link;
    socket.once('close', (hadError) => this.#ended(link, hadError));
    await opened(socket, this.#options.connectTimeoutMs);
    await this.#options.handshake?.(socket, this.#options.connectTimeoutMs);
    return link;
  }

  #ended({ socket, frames, last, repeated }: Link, hadError: boolean): void {
    if (this.#link?.socket === socket) this.#link = undefined;
    if (this.#closed || !last) return;
    if (!hadError && frames === 1) {
      // In order, after one frame: a client that takes a connection per message.
      this.#failures = 0;
      return;
    }
    // The last frame may have come too late to be read: it is told again, once, and if that is in vain with the next.
    this.#backlog.add(last);
    if (repeated) {
      if (hadError) this.#failed();
      return;
    }
    this.#repeating = true;
    void this.#sendBacklog();
  }

  #failed(): void {
    if (this.#closed) return;
    if (++this.#failures === 1) this.#failingSince = awakeClock.now();
    if (this.#failures < MIN_FAILURES || awakeClock.now() - this.#failingSince < this.#options.giveUpMs) return;
    this.close();
    this.#options.onDead(this.client.id);
  }
}

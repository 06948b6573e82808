import type { Socket } from 'node:net';
import type { ClientOf } from '../../domain/registration.ts';
import type { Frame } from '../../domain/frame.ts';
import { PlatformError } from '../../errors.ts';
import { awakeClock } from './awake-clock.ts';
import type { ConnectLimit } from './connect-limit.ts';
import { Backlog } from '../backlog.ts';
import { dial, opened, write } from './dial.ts';
import { encodeFrame } from './encode.ts';

export interface ConnectionOptions {
  addressesOf: (host: string, port: number) => Promise<string[]>;
  /** All connections share it. */
  connects: Pick<ConnectLimit, 'run'>;
  /** A delivery fails when the connection takes longer (ms) to open, or the handshake to complete. */
  connectTimeoutMs: number;
  /** Runs on a new connection before the first frame. It rejects when the client fails it. */
  handshake?: ((socket: Socket, withinMs: number) => Promise<void>) | undefined;
  /** Each time the client reads nothing for this long (ms), a delivery has failed. */
  stallMs: number;
  /** A client is given up when deliveries have failed for this long (ms), and at least `MIN_FAILURES` times. */
  giveUpMs: number;
  /** Called once, when the client is given up. */
  onDead: (clientId: string) => void;
}

const MIN_FAILURES = 3;
/** A failed delivery is retried with the next frame, at the latest after this time. */
const RETRY_MS = 1000;

/** An open socket and what was sent over it. */
interface Link {
  socket: Socket;
  frames: number;
  /** The last written frame; the client may not have read it. */
  last: Frame | undefined;
  /** Whether the last frame was sent again after a connection had closed. */
  repeated: boolean;
}

/**
 * One client's connection: opened when there is something to send, kept and reused, and reopened when the client closes
 * it, which some do after each message. Frames offered during a send are merged and sent next.
 */
export class ClientConnection {
  readonly client: ClientOf<'tcp'>;
  /** ms since the epoch. */
  lastOfferAt = 0;
  readonly #options: ConnectionOptions;
  readonly #backlog = new Backlog();
  #link: Link | undefined;
  #sending: Promise<void> | undefined;
  #repeating = false;
  #failures = 0;
  /** Time (of `awakeClock`) of the first of the consecutive failures. */
  #failingSince = 0;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(client: ClientOf<'tcp'>, options: ConnectionOptions) {
    this.client = client;
    this.#options = options;
  }

  /**
   * Sends the frame, or queues it while an earlier send is not complete. Never rejects.
   * @param encoded the same frame encoded, so that all clients share one encoding
   */
  offer(frame: Frame, encoded: string): Promise<void> {
    this.lastOfferAt = Date.now();
    if (!this.#sending && this.#backlog.isEmpty) return (this.#sending = this.#send(frame, encoded));
    this.#backlog.add(frame);
    return this.#sendBacklog();
  }

  /** Permanent: nothing is sent afterwards, and `onDead` is not called. */
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
        if (kept) this.#failures = 0; // the client has kept the connection after the previous frame
        link.frames++;
        link.last = frame;
        link.repeated = this.#repeating;
        this.#repeating = false;
      }
    } catch {
      // The counts stay in the backlog for the next attempt.
      if (frame) this.#backlog.add(frame);
      if (!kept) this.#failed();
    } finally {
      this.#sending = undefined;
    }
    if (this.#closed || this.#backlog.isEmpty) return;
    // The client may just have closed a connection that was in use; a new one is tried at once.
    if (kept) await this.#sendBacklog();
    else {
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.#sendBacklog(), RETRY_MS).unref();
    }
  }

  async #open(): Promise<Link> {
    if (this.#link?.socket.writable) return this.#link;
    const addresses = await this.#options.addressesOf(this.client.host, this.client.port);
    const link = await this.#options.connects.run(addresses, () => this.#connect(addresses));
    await this.#options.handshake?.(link.socket, this.#options.connectTimeoutMs);
    return link;
  }

  async #connect(addresses: readonly string[]): Promise<Link> {
    if (this.#closed) throw new PlatformError('delivery_failed', 'The client was unregistered after failed deliveries');
    const socket = dial(this.client.host, this.client.port, addresses);
    const link: Link = { socket, frames: 0, last: undefined, repeated: false };
    this.#link = link;
    socket.once('close', (hadError) => this.#ended(link, hadError));
    await opened(socket, this.#options.connectTimeoutMs);
    return link;
  }

  #ended({ socket, frames, last, repeated }: Link, hadError: boolean): void {
    if (this.#link?.socket === socket) this.#link = undefined;
    if (this.#closed || !last) return;
    if (!hadError && frames === 1) {
      // Closed without an error after one frame: the client takes a connection per message.
      this.#failures = 0;
      return;
    }
    // The client may have closed before it read the last frame: it is sent again once, then with the next frame.
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

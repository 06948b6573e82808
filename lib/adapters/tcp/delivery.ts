import type { ClientOf } from '../../domain/registration.ts';
import type { Frame } from '../../domain/frame.ts';
import type { Transport } from '../../ports.ts';
import { ConnectLimit } from './connect-limit.ts';
import { atMost } from '../in-time.ts';
import { ClientConnection, type ConnectionOptions } from './connection.ts';
import { encodeFrame } from './encode.ts';

interface Options extends Omit<ConnectionOptions, 'connects'> {
  /** Maximum number of connects to one address, under way and per second; see `ConnectLimit`. */
  connectsPerAddress: number;
  /** How long (ms) `send` waits for slow clients; their sends continue afterwards. */
  waitMs?: number;
}

/** A connection without new frames for this long (ms) is closed: its client has moved or its room is inactive. */
const IDLE_MS = 120_000;

/**
 * Sends updates to clients over TCP as newline-delimited JSON: one line per window and emoji, one write per room.
 */
export class TcpDelivery implements Transport<'tcp'> {
  readonly #options: Options;
  readonly #connects: ConnectLimit;
  readonly #connections = new Map<string, ClientConnection>();
  readonly #sweep: NodeJS.Timeout;

  constructor(options: Options) {
    this.#options = options;
    this.#connects = new ConnectLimit(options.connectsPerAddress);
    this.#sweep = setInterval(() => this.#closeIdle(), IDLE_MS / 2).unref();
  }

  async send(clients: readonly ClientOf<'tcp'>[], frame: Frame): Promise<void> {
    const encoded = encodeFrame(frame);
    const sent = Promise.all(clients.map((client) => this.#connection(client).offer(frame, encoded)));
    await atMost(sent, this.#options.waitMs ?? 200);
  }

  close(): void {
    clearInterval(this.#sweep);
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  #connection(client: ClientOf<'tcp'>): ClientConnection {
    const known = this.#connections.get(client.id);
    if (known?.client.host === client.host && known.client.port === client.port) return known;
    known?.close();
    const connection = new ClientConnection(client, {
      ...this.#options,
      connects: this.#connects,
      onDead: (id) => {
        // A replaced connection is closed and does not call this, so the map has this connection.
        this.#connections.delete(id);
        this.#options.onDead(id);
      },
    });
    this.#connections.set(client.id, connection);
    return connection;
  }

  #closeIdle(): void {
    const before = Date.now() - IDLE_MS;
    for (const [id, connection] of this.#connections) {
      if (connection.lastOfferAt > before) continue;
      connection.close();
      this.#connections.delete(id);
    }
  }
}

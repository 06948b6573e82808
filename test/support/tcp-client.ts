import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { UpdateLine } from '../../lib/domain/update-line.ts';

type Line = UpdateLine;

/** A client that listens for updates on its own port. */
export interface TcpClient {
  port: number;
  /** Number of connections so far. */
  connections: number;
  sockets: Set<Socket>;
  lines(): Line[];
  close(): Promise<void>;
}

/** What the client does on a new connection, and after reading data. */
export interface Behaviour {
  connected?: (socket: Socket) => void;
  data?: (socket: Socket) => void;
}

/** Starts a client that reads all data of all connections, except as `Behaviour` changes it. */
export const listen = async ({ connected, data }: Behaviour = {}): Promise<TcpClient> => {
  const lines: Line[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    client.connections++;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    let rest = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      const whole = (rest + String(chunk)).split('\n');
      rest = whole.pop() ?? '';
      for (const line of whole) lines.push(JSON.parse(line) as Line);
      data?.(socket);
    });
    connected?.(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client: TcpClient = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    sockets,
    lines: () => lines,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return client;
};

/** The largest count of each window and emoji in the lines that a client received. */
export const largestCounts = (lines: readonly Line[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { start, emoji_type, raw_count } of lines) {
    const key = `${start} ${emoji_type}`;
    counts.set(key, Math.max(counts.get(key) ?? 0, raw_count));
  }
  return counts;
};

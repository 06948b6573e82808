import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { answerTo } from '../../lib/adapters/tcp/handshake.ts';
import { updateLineSchema, type UpdateLine } from '../../lib/domain/update-line.ts';

/** A TCP client of the platform, which keeps the largest count that it received for each window and emoji. */
export interface Viewer {
  id: string;
  port: number;
  lines: UpdateLine[];
  /** `start emoji`, start in ms since the epoch → the largest count */
  counts(): Map<string, number>;
  /** emoji → taps, summed over the windows */
  totals(): Map<string, number>;
  total(): number;
  /** Registers again. */
  register(): Promise<void>;
  /** Stops listening, without unregistering. */
  close(): Promise<void>;
}

/** Listens and registers. Every line that arrives must be a valid update. */
export async function startViewer(url: string, id: string, body: Record<string, unknown> = {}): Promise<Viewer> {
  const lines: UpdateLine[] = [];
  const counts = new Map<string, UpdateLine>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    createInterface({ input: socket }).on('line', (text) => {
      const answer = answerTo(text);
      if (answer) return void socket.write(answer);
      const line = updateLineSchema.parse(JSON.parse(text));
      lines.push(line);
      const key = `${Date.parse(line.start)} ${line.emoji_type}`;
      if (line.raw_count >= (counts.get(key)?.raw_count ?? 0)) counts.set(key, line);
    });
  });
  await new Promise<void>((resolve) => server.unref().listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const register = async () => {
    const answer = await post(`${url}/register`, { client_id: id, host: '127.0.0.1', port, ...body });
    if (answer.status !== 200) throw new Error(`${id} was not registered: ${answer.status} ${await answer.text()}`);
  };
  await register();
  return {
    id,
    port,
    lines,
    register,
    counts: () => new Map([...counts].map(([key, { raw_count }]) => [key, raw_count])),
    totals: () => {
      const totals = new Map<string, number>();
      for (const { emoji_type, raw_count } of counts.values())
        totals.set(emoji_type, (totals.get(emoji_type) ?? 0) + raw_count);
      return totals;
    },
    total: () => [...counts.values()].reduce((sum, { raw_count }) => sum + raw_count, 0),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const post = (url: string, body: unknown, signal: AbortSignal | null = null): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { SetupError } from '../../infra/local/errors.ts';
import { answerTo } from '../../lib/adapters/tcp/handshake.ts';

export interface LineServer {
  port: number;
  close(): void;
}

/** Maximum length of a line: updates have a few hundred characters. */
const MAX_LINE = 65_536;

/** The first line of an HTTP request, by which a web page could send forged updates to this port. */
const HTTP = /^[A-Z]+ \S+ HTTP\/\d/;

/**
 * Listens for newline-delimited text, and answers the platform's challenges.
 * @param host undefined = all addresses of this machine @param port 0 = any free port
 * @throws SetupError when the port is taken or cannot be listened on.
 */
export async function listenForLines(
  host: string | undefined,
  port: number,
  onLine: (line: string) => void,
): Promise<LineServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The platform opens a new connection after an error.
    socket.on('error', () => socket.destroy());
    let rest = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (HTTP.test(line)) return socket.destroy();
        const answer = answerTo(line);
        if (answer === undefined) onLine(line);
        else socket.write(answer);
      }
      if (rest.length > MAX_LINE) socket.destroy();
    });
  });
  server.listen({ port, ...(host === undefined ? {} : { host }) });
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SetupError(
      code === 'EADDRINUSE'
        ? `Port ${port} is taken by another program: stop that program, or use another port: --port ${port + 1}`
        : `Cannot listen on ${host ?? 'this machine'}, port ${port}: ${message}`,
    );
  }
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

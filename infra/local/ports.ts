import { connect, createServer } from 'node:net';
import { SetupError } from './errors.ts';

const HOST = '127.0.0.1';

/** Somebody accepts on this port. */
export const answers = (port: number, host = HOST): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host });
    const done = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(1000, () => done(true)); // the handshake hangs: something is there
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });

const binds = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });

/** Both questions: on macOS a bind to 127.0.0.1 succeeds beside a program that listens on every address. */
export const isFree = async (port: number, host = HOST): Promise<boolean> =>
  !(await answers(port, host)) && (await binds(port, host));

/** Below the range from which the kernel takes ports for outgoing connections, so that none of them takes it before we do. */
export async function anyFreePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
  throw new SetupError('No free port between 20000 and 32000.');
}

/** The wanted port, or the next free one; 0 = any. */
export async function pickPort(wanted: number, free: (port: number) => Promise<boolean> = isFree): Promise<number> {
  if (wanted === 0) return anyFreePort();
  for (let port = wanted; port < Math.min(wanted + 100, 65_536); port++) {
    if (await free(port)) return port;
  }
  throw new SetupError(`No free port between ${wanted} and ${wanted + 99}.`);
}

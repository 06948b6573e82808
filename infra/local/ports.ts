import { mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from './errors.ts';
import { takeLock } from './lock.ts';

const HOST = '127.0.0.1';

/** Whether a program accepts connections on this port. */
export const answers = (port: number, host = HOST): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host });
    const done = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(1000, () => done(true)); // no answer: a program listens but does not accept
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });

const binds = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });

/** Checks both, because on macOS a bind to 127.0.0.1 succeeds while another program listens on all addresses. */
export const isFree = async (port: number, host = HOST): Promise<boolean> =>
  !(await answers(port, host)) && (await binds(port, host));

/** Below the kernel's range of ports for outgoing connections, so that none of these takes the port. */
const randomPort = () => 20_000 + Math.floor(Math.random() * 12_000);
const NO_FREE_PORT = 'No free port between 20000 and 32000.';

export async function anyFreePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = randomPort();
    if (await isFree(port)) return port;
  }
  throw new SetupError(NO_FREE_PORT);
}

/** A port that no other start takes until it is released or this process ends. */
export interface PortClaim {
  port: number;
  release(): void;
}

/**
 * Seconds pass between checking a port and listening on it, in which a second start would find it free too. So each
 * start holds a lock for its ports, shared by all clones of this user.
 */
function lockPort(port: number): ReturnType<typeof takeLock> {
  const folder = join(tmpdir(), `emoji-streaming-ports-${process.getuid?.() ?? 'user'}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return takeLock(join(folder, `${port}.lock`));
  } catch {
    // Without a folder for locks, a conflict is still detected when a program listens on the port (see `ready`).
    return { release: () => {} };
  }
}

type IsFree = (port: number) => Promise<boolean>;

/** Claims exactly this port; otherwise returns the pid of the start that holds it, or undefined for another program. */
async function tryPort(port: number, free: IsFree = isFree): Promise<PortClaim | { heldBy: number | undefined }> {
  const lock = lockPort(port);
  if ('heldBy' in lock) return lock;
  if (await free(port)) return { port, release: lock.release };
  lock.release();
  return { heldBy: undefined };
}

/** The wanted port, or the next free one; 0 = any. */
export async function claimPort(wanted: number, free: IsFree = isFree): Promise<PortClaim> {
  const candidates =
    wanted === 0
      ? Array.from({ length: 200 }, randomPort)
      : Array.from({ length: Math.min(100, 65_536 - wanted) }, (_, n) => wanted + n);
  for (const port of candidates) {
    const claim = await tryPort(port, free);
    if ('release' in claim) return claim;
  }
  throw new SetupError(
    wanted === 0 ? NO_FREE_PORT : `No free port between ${wanted} and ${wanted + candidates.length - 1}.`,
  );
}

/** Claims exactly this port. `remedy` completes the error message. */
export async function claimExactly(port: number, remedy: string, free?: IsFree): Promise<PortClaim> {
  const claim = await tryPort(port, free);
  if ('release' in claim) return claim;
  const owner = claim.heldBy === undefined ? 'another program' : `another start of the platform (pid ${claim.heldBy})`;
  throw new SetupError(`Port ${port} is taken by ${owner}: ${remedy}`);
}

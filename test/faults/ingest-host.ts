import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Starts a second ingest host in its own process. It writes to the same broker as the first one. */
export async function startIngestHost(env: Record<string, string>): Promise<{ url: string; stop(): Promise<void> }> {
  const child = fork(join(import.meta.dirname, 'ingest-program.ts'), {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, LOG_LEVEL: 'error', ...env },
  });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const failed = ended.then(([code]) => Promise.reject(new Error(`the ingest host ended with ${code}`)));
  failed.catch(() => undefined); // after the start it is stopped
  const [url] = (await Promise.race([once(child, 'message'), failed])) as [string];
  return { url, stop };
}

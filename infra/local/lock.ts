import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from './process.ts';

interface Holder {
  pid: number;
  command: string;
}

function holderOf(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    // The command line is compared too, because another program may have got the same pid.
    return holder.command && commandLine(holder.pid) === holder.command ? holder : undefined;
  } catch {
    return undefined;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Takes the lock, if necessary from a dead holder. Returns the holder's pid when a running process holds it. */
export function takeLock(file: string): { release: () => void } | { heldBy: number } {
  const mine = JSON.stringify({ pid: process.pid, command: commandLine(process.pid) ?? '' });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, mine);
  try {
    for (;;) {
      try {
        linkSync(draft, file); // atomic, and the content is complete
        return { release: () => read(file) === mine && rmSync(file, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const found = read(file);
      if (found === undefined) continue;
      const holder = holderOf(found);
      if (holder) return { heldBy: holder.pid };
      const aside = `${draft}.stale`;
      try {
        renameSync(file, aside);
        // Another process took it over meanwhile: put its lock back.
        if (read(aside) !== found) linkSync(aside, file);
      } catch {
        // Another process moved it first: try again.
      }
      rmSync(aside, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Waits for the lock and runs `work` while holding it. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const lock = takeLock(file);
    if ('release' in lock) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    await sleep(200);
  }
}

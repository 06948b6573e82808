import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../infra/local/run.ts';

/** A file system in memory whose size can be changed. */
export interface Disk {
  /** Shrinks the file system until only this many bytes are free. */
  shrink(free: number): Promise<void>;
  grow(): Promise<void>;
  unmount(): void;
}

const SIZE = 1024 ** 3;

const run = async (program: string, args: string[]): Promise<void> => {
  const done = await runProgram(program, args, 10_000);
  if (!done.ok) throw new Error(`${program} ${args.join(' ')}: ${done.output.trim()}`);
};

export const diskImpossible = async (): Promise<string | undefined> => {
  const folder = mkdtempSync(join(tmpdir(), 'emoji-streaming-disk-'));
  const disk = await mountDisk(folder);
  disk?.unmount();
  rmSync(folder, { recursive: true });
  return disk ? undefined : 'a tmpfs can’t be mounted here';
};

/** @returns undefined where this is not permitted (it needs root, and Linux). */
export async function mountDisk(folder: string): Promise<Disk | undefined> {
  const size = (bytes: number) => `size=${Math.ceil(bytes / 4096) * 4096}`;
  try {
    await run('mount', ['-t', 'tmpfs', '-o', size(SIZE), 'tmpfs', folder]);
    writeFileSync(join(folder, 'mounted'), '');
  } catch {
    return undefined;
  }
  // A second Ctrl-C ends the run at once: the disk must be unmounted then, too.
  const unmount = () => void spawnSync('umount', ['-l', folder]);
  process.once('exit', unmount);
  const resize = (bytes: number) => run('mount', ['-o', `remount,${size(bytes)}`, folder]);
  return {
    shrink: (free) => {
      const { blocks, bfree, bsize } = statfsSync(folder);
      return resize((blocks - bfree) * bsize + free);
    },
    grow: () => resize(SIZE),
    unmount: () => {
      process.removeListener('exit', unmount);
      unmount();
    },
  };
}

import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimDataDir } from './data-dir.ts';
import { classArchive, kafkaService } from './kafka.ts';
import { withLock } from './lock.ts';
import { claimPort } from './ports.ts';

/**
 * Creates an archive of the broker's loaded classes beside the jars (Java's application class-data sharing), with which
 * brokers start in half the time. It is tried once: after a failure the archive is an empty file, which is not used.
 */
export async function ensureClassArchive(lib: string, version: string): Promise<void> {
  const archive = classArchive(lib);
  if (existsSync(archive)) return;
  await withLock(join(lib, 'archive.lock'), async () => {
    if (existsSync(archive)) return;
    const draft = `${archive}.new`;
    await runBroker(lib, version, draft).catch(() => {});
    if (!existsSync(draft)) writeFileSync(draft, '');
    renameSync(draft, archive);
  });
}

async function runBroker(lib: string, version: string, archiveAtExit: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'emoji-streaming-classes-'));
  const [dir, port] = [await claimDataDir(folder), await claimPort(0)];
  try {
    const broker = kafkaService(dir, lib, port.port, version, { archiveAtExit });
    await broker.start();
    await broker.stop();
  } finally {
    port.release();
    await dir.release();
    rmSync(folder, { recursive: true, force: true });
  }
}

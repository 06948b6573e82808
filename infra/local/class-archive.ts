import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimDataDir } from './data-dir.ts';
import { classArchive, kafkaService } from './kafka.ts';
import { withLock } from './lock.ts';
import { claimPort } from './ports.ts';

/**
 * Has Java write the classes of a running broker into an archive beside the jars: later brokers start in half the time
 * (Java's application class-data sharing). Without it, for whatever reason, they start as before: it is tried once.
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

import { parentOf, commandLine } from './process.ts';

/**
 * One Ctrl-C reaches a process twice within milliseconds: from the terminal, which signals the whole process group, and
 * from npm and tsx, which forward it. So a second signal counts only after 250 ms.
 */
export function onStopSignals(
  stop: () => void,
  kill: () => void,
  now = () => performance.now(),
): (name: string) => void {
  let first: number | undefined;
  const handle = () => {
    if (first === undefined) {
      first = now();
      stop();
    } else if (now() - first > 250) kill();
  };
  process.on('SIGINT', handle).on('SIGTERM', handle);
  return handle;
}

/** Calls `gone` when npm, or a process between it and this one, has ended without forwarding a signal. */
export function onParentDeath(gone: () => void, everyMs = 1000): () => void {
  if (!process.env.npm_lifecycle_event) return () => {}; // not run by npm
  const chain: [child: number, parent: number][] = [];
  for (let child = process.pid; chain.length < 5;) {
    const parent = parentOf(child);
    if (!parent || parent === 1) break;
    chain.push([child, parent]);
    if (/^(npm |\S*node \S*npm)/.test(commandLine(parent) ?? '')) break;
    child = parent;
  }
  const timer = setInterval(() => {
    if (chain.every(([child, parent]) => parentOf(child) === parent)) return;
    clearInterval(timer);
    gone();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

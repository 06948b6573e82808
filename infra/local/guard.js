// Runs one child and outlives nobody: when the starter goes away (even by kill -9, the IPC channel closes then), the
// child is asked to stop, and killed if it does not. Plain JS, so that no loader stands between it and its job.
// argv: pid file, stop signal, grace in ms, program, its arguments
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers';

const [pidFile = '', stopSignal = 'SIGTERM', grace = '5000', program = '', ...args] = process.argv.slice(2);
const tell = (/** @type {object} */ message) => process.connected && process.send?.(message, () => {});

// A session of its own, so that what the child itself started can be killed with it, as a group.
const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
child.on('error', (error) => {
  tell({ error: error.message });
  process.exitCode = 1;
  if (process.connected) process.disconnect();
});
if (child.pid) {
  writeFileSync(pidFile, JSON.stringify({ pid: child.pid, guard: process.pid }));
  tell({ pid: child.pid });
}

let stopping = false;
function stop() {
  if (stopping || !child.pid) return;
  stopping = true;
  child.kill(/** @type {NodeJS.Signals} */ (stopSignal));
  setTimeout(() => child.kill('SIGKILL'), Number(grace)).unref();
}
process.on('disconnect', stop);
process.on('SIGTERM', stop);
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});

child.on('exit', (code, signal) => {
  rmSync(pidFile, { force: true });
  try {
    process.kill(-Number(child.pid), 'SIGKILL');
  } catch {
    // Nobody was left in the group, as it should be.
  }
  tell({ code, signal });
  if (process.connected) process.disconnect();
});

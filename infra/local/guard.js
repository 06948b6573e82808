// Runs one child process. When the starter ends (even by kill -9, which closes the IPC channel), the child is stopped,
// and killed if it does not end. Plain JavaScript, so that it starts without a loader.
// argv: pid file, stop signal, grace in ms, program, its arguments
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers';

const [pidFile = '', stopSignal = 'SIGTERM', grace = '5000', program = '', ...args] = process.argv.slice(2);
const tell = (/** @type {object} */ message) => process.connected && process.send?.(message, () => {});

// Detached: the child leads its own process group, so that its own children can be killed with it.
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
    // The group is empty, as it should be.
  }
  tell({ code, signal });
  if (process.connected) process.disconnect();
});

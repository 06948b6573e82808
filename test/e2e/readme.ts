import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const README = join(import.meta.dirname, '../../README.md');
const CALL = /^(curl [^]*?)\n# (\d{3}) (\{.*\})$/gm;

/** The curl lines of the README, each with the status and the (part of the) answer that stands behind it. */
export const readmeCalls = (): [command: string, status: number, answer: object][] =>
  [...readFileSync(README, 'utf8').matchAll(CALL)].map(([, command = '', status, answer = '']) => [
    command,
    Number(status),
    JSON.parse(answer) as object,
  ]);

/** Runs a line as it stands, against another address. */
export const runCall = (command: string, url: string): Promise<{ status: number; answer: unknown }> =>
  new Promise((resolve, reject) => {
    const line = `${command.replace('localhost:5013', url)} -sS -w '\\n%{http_code}'`;
    execFile('sh', ['-c', line], (error, stdout) => {
      if (error) return reject(error);
      const [body = '', status] = stdout.split('\n');
      resolve({ status: Number(status), answer: JSON.parse(body) });
    });
  });

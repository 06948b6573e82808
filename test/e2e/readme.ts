import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const README = join(import.meta.dirname, '../../README.md');
const CALL = /^(curl [^]*?)\n# (\d{3}) (\{.*\})$/gm;

/** The curl commands in the README, with the status and (part of) the answer in their comments. */
export const readmeCalls = (): [command: string, status: number, answer: object][] =>
  [...readFileSync(README, 'utf8').matchAll(CALL)].map(([, command = '', status, answer = '']) => [
    command,
    Number(status),
    JSON.parse(answer) as object,
  ]);

/** The call of a command, as docs/openapi.json names it. */
export const callOf = (command: string): string => {
  const method = /-X (\w+)/.exec(command)?.[1] ?? 'GET';
  const path = /localhost:5013([\w/]+)/.exec(command)?.[1] ?? '';
  return `${method} ${path.replace(/^\/register\/.+/, '/register/{client_id}')}`;
};

/** Runs a command of the README with the address of a test platform. */
export const runCall = (command: string, url: string): Promise<{ status: number; answer: unknown }> =>
  new Promise((resolve, reject) => {
    const line = `${command.replace('localhost:5013', url)} -sS -w '\\n%{http_code}'`;
    execFile('sh', ['-c', line], (error, stdout) => {
      if (error) return reject(error);
      const [body = '', status] = stdout.split('\n');
      resolve({ status: Number(status), answer: JSON.parse(body) });
    });
  });

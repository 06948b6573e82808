import { expect, test } from '@jest/globals';
import { anyFreePort } from '../../infra/local/ports.ts';
import { serveHttp } from '../support/http-server.ts';
import { printed, scriptProcesses } from '../support/scripts.ts';

// The other tests of the scripts call their `main`. Here each script runs as a process, to test what `main` does not
// include: the command line, the standard streams, exit codes and signals.

const { start, run } = scriptProcesses();

test('every script reads its command line and exits with code 2 on wrong usage', async () => {
  const names = [
    'api-fuzz',
    'client',
    'demo',
    'dlq',
    'overload',
    'rebuild',
    'reset',
    'serve',
    'simulate',
    'subscribers',
    'token',
    'topics',
  ];
  const ended = await Promise.all(names.map((name) => run(name, ['--nonsense'])));
  for (const [n, name] of names.entries())
    expect(ended[n]).toEqual({
      code: 2,
      stdout: '',
      stderr: `Unknown option '--nonsense'. See: npm run ${name} -- --help\n`,
    });
});

test('invoke: a failure prints a message on standard error and exits with code 1', async () => {
  const { code, stdout, stderr } = await run('invoke', [
    'live',
    '--endpoint',
    `http://127.0.0.1:${await anyFreePort()}`,
  ]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/cannot be reached \(ECONNREFUSED\): start the platform/);
});

test('simulate: SIGINT ends it with the summary on standard output and exit code 0', async () => {
  const server = await serveHttp(() => ({ status: 200 }));
  const script = start('simulate', ['--url', server.url, '--rate', '5']);
  await printed(script, 'stdout', 'answered \\d+/s');
  script.kill('SIGINT');
  const { code, stdout, stderr } = await script.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/taps sent, .* answered 200/);
  expect(stdout).not.toContain('\x1b'); // the output is not a terminal
  await server.close();
});

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { isAlive, nodePrograms } from '../../test/support/children.ts';
import { temporaryFolders } from '../../test/support/folder.ts';
import { setupErrorOf } from '../../test/support/setup-error.ts';
import { until } from '../../test/support/until.ts';
import { answers, anyFreePort } from './ports.ts';
import { createService, type Exit, type Service, type ServiceSpec } from './service.ts';

const folder = temporaryFolders();
const start = nodePrograms();
const services: Service[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});

/** Listens on a port, prints a line, and ends with code 7 on SIGTERM. */
const LISTENS = `
  console.log('hello from the service');
  require('node:net').createServer().listen(Number(process.argv[1]), '127.0.0.1')
    .on('error', (error) => { console.error('ERROR', error.code); process.exit(1); });
  process.on('SIGTERM', () => process.exit(7));`;
const STUBBORN = `${LISTENS} process.removeAllListeners('SIGTERM').on('SIGTERM', () => {});`;

const serviceOf = async (program: string, options: Partial<ServiceSpec> = {}) => {
  const dir = folder();
  const port = await anyFreePort();
  const deaths: Exit[] = [];
  const service = createService({
    name: 'Test service',
    command: async () => ({ program: process.execPath, args: ['-e', program, String(port)], env: { PATH: '/bin' } }),
    pidFile: join(dir, 'pids', 'test.json'),
    output: join(dir, 'logs', 'test.log'),
    ready: () => answers(port),
    readyMs: 10_000,
    stopSignal: 'SIGTERM',
    graceMs: 2000,
    ...options,
  });
  service.onDeath((exit) => deaths.push(exit));
  services.push(service);
  return { service, deaths, dir, port, pidFile: join(dir, 'pids', 'test.json') };
};

describe('start and stop', () => {
  test('start resolves when the service answers, and stop ends it without reporting a death', async () => {
    const { service, deaths, dir, port, pidFile } = await serviceOf(LISTENS);
    await service.start();
    const pid = service.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    expect(JSON.parse(readFileSync(pidFile, 'utf8'))).toMatchObject({ pid });
    expect(readFileSync(join(dir, 'logs', 'test.log'), 'utf8')).toBe('hello from the service\n');
    await service.stop();
    expect(isAlive(pid)).toBe(false);
    expect(service.pid).toBeUndefined();
    expect(await answers(port)).toBe(false);
    expect(existsSync(pidFile)).toBe(false);
    expect(deaths).toEqual([]);
    await service.start();
    expect(service.pid).not.toBe(pid);
  });

  test('a service that ignores its stop signal is killed after the grace period', async () => {
    const { service } = await serviceOf(STUBBORN, { graceMs: 50 });
    await service.start();
    const pid = service.pid ?? 0;
    await service.stop();
    expect(isAlive(pid)).toBe(false);
  });

  test('a service that is stopped while it starts ends, and start rejects with the reason', async () => {
    for (const wait of [undefined, 'running'] as const) {
      const { service } = await serviceOf(LISTENS, { ready: async () => false });
      const started = setupErrorOf(service.start());
      if (wait) await until('the service runs', () => service.pid !== undefined);
      await service.stop();
      expect(service.pid).toBeUndefined();
      expect(await started).toBe('Test service was stopped while starting.');
    }
  });

  test('child processes of the service end with it', async () => {
    const { service, dir } = await serviceOf(`
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      console.log('grandchild', child.pid);
      ${LISTENS}`);
    await service.start();
    const grandchild = Number(/grandchild (\d+)/.exec(readFileSync(join(dir, 'logs', 'test.log'), 'utf8'))?.[1]);
    expect(isAlive(grandchild)).toBe(true);
    await service.stop();
    await until('the grandchild has ended', () => !isAlive(grandchild));
  });

  test('the output of the service can be read', async () => {
    const chunks: string[] = [];
    const { service } = await serviceOf(LISTENS, { output: (chunk) => chunks.push(chunk) });
    await service.start();
    await until('the output has arrived', () => chunks.join('') === 'hello from the service\n');
  });
});

describe('a failed start', () => {
  test('a taken port is reported with the last lines of the service', async () => {
    const { service, port, dir } = await serviceOf(LISTENS, { ready: async () => false });
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    const message = await setupErrorOf(service.start());
    other.close();
    expect(message).toBe(
      `Test service ended while starting. Its last lines (${join(dir, 'logs', 'test.log')}):\n` +
        '  hello from the service\n  ERROR EADDRINUSE',
    );
  });

  test('a service that never answers is ended', async () => {
    const { service } = await serviceOf(LISTENS, { ready: async () => false, readyMs: 300 });
    expect(await setupErrorOf(service.start())).toMatch(/^Test service did not answer within 0.3 s\./);
    expect(service.pid).toBeUndefined();
  });

  test('a missing program is reported', async () => {
    const { service } = await serviceOf('', { command: async () => ({ program: '/no/such/program', args: [] }) });
    expect(await setupErrorOf(service.start())).toBe(
      'Test service could not be started: spawn /no/such/program ENOENT',
    );
  });

  test('a service that is already running is not started again', async () => {
    const { service } = await serviceOf(LISTENS);
    await service.start();
    expect(await setupErrorOf(service.start())).toBe(`Test service is running already (pid ${service.pid}).`);
  });
});

describe('death', () => {
  test('an unexpected death is reported with its exit code or signal', async () => {
    const { service, deaths } = await serviceOf(LISTENS);
    await service.start();
    process.kill(service.pid ?? 0, 'SIGKILL');
    await until('the death is reported', () => deaths.length > 0);
    expect(deaths).toEqual([{ code: null, signal: 'SIGKILL' }]);
    await service.start();
    process.kill(service.pid ?? 0, 'SIGTERM');
    await until('the death is reported', () => deaths.length > 1);
    expect(deaths[1]).toEqual({ code: 7, signal: null });
  });

  test('a death by kill() is not reported, and the service can be restarted on the same port', async () => {
    const { service, deaths, port } = await serviceOf(LISTENS);
    await service.start();
    await service.kill('SIGKILL');
    expect(await answers(port)).toBe(false);
    await service.start();
    expect(await answers(port)).toBe(true);
    expect(deaths).toEqual([]);
  });

  test('of the guard process ends the service', async () => {
    const { service, deaths, pidFile } = await serviceOf(LISTENS);
    await service.start();
    const { pid, guard } = JSON.parse(readFileSync(pidFile, 'utf8')) as { pid: number; guard: number };
    process.kill(guard, 'SIGKILL');
    await until('the death is reported', () => deaths.length > 0);
    await until('the service has ended', () => !isAlive(pid));
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('of the starter by %s ends the service', async (signal) => {
    const dir = folder();
    const port = await anyFreePort();
    const { child, line } = await start(
      `
      import { createService } from '${new URL('./service.ts', `file://${import.meta.filename}`).href}';
      const service = createService({
        name: 'Test service',
        command: async () => ({ program: process.execPath, args: ['-e', process.argv[1], process.argv[2]] }),
        pidFile: process.argv[3] + '/test.json',
        output: process.argv[3] + '/test.log',
        ready: async () => true,
        readyMs: 1000,
        stopSignal: 'SIGTERM',
        graceMs: 2000,
      });
      await service.start();
      console.log(service.pid);`,
      LISTENS,
      String(port),
      dir,
    );
    const pid = Number(line);
    await until('the service listens', () => answers(port));
    child.kill(signal);
    await once(child, 'exit');
    await until('the service has ended', () => !isAlive(pid));
    await until('its pid file is removed', () => !existsSync(join(dir, 'test.json')));
  });
});

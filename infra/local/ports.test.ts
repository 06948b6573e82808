import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { setupErrorOf } from '../../test/support/setup-error.ts';
import { answers, anyFreePort, claimExactly, claimPort, isFree, type PortClaim } from './ports.ts';

const servers: ReturnType<typeof createServer>[] = [];
const claims: PortClaim[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const claim of claims.splice(0)) claim.release();
});
const claim = async (...args: Parameters<typeof claimPort>): Promise<number> => {
  const claimed = await claimPort(...args);
  claims.push(claimed);
  return claimed.port;
};
const taken = async (host: string): Promise<number> => {
  const server = createServer();
  servers.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
};

test.each(['127.0.0.1', '0.0.0.0'])('a port on which a program listens at %s is not free', async (host) => {
  const port = await taken(host);
  expect(await answers(port)).toBe(true);
  expect(await isFree(port)).toBe(false);
  expect(await claim(port)).toBeGreaterThan(port);
});

test('anyFreePort returns a free port below the range for outgoing connections', async () => {
  const port = await anyFreePort();
  expect(await isFree(port)).toBe(true);
  expect(await answers(port)).toBe(false);
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port).toBeLessThan(32_768);
});

test('claimPort claims the wanted port, or the next free one', async () => {
  const wanted = await anyFreePort();
  const taken = [wanted, wanted + 1];
  expect(await claim(wanted, async (port) => !taken.includes(port))).toBe(wanted + 2);
  expect(await claim(wanted, async () => true)).toBe(wanted);
});

test('a claimed port is not free for another start, even before a program listens on it', async () => {
  const wanted = await anyFreePort();
  const free = async () => true;
  expect(await Promise.all([claim(wanted, free), claim(wanted, free)])).toEqual([wanted, wanted + 1]);
  expect(await setupErrorOf(claimExactly(wanted, 'use another.', free))).toBe(
    `Port ${wanted} is taken by another start of the platform (pid ${process.pid}): use another.`,
  );
  for (const each of claims.splice(0)) each.release();
  expect(await claim(wanted, free)).toBe(wanted);
});

test('for a port on which another program listens, the error says so and no claim remains', async () => {
  const port = await taken('127.0.0.1');
  const message = await setupErrorOf(claimExactly(port, 'use another.'));
  expect(message).toBe(`Port ${port} is taken by another program: use another.`);
  expect(await claim(port, async () => true)).toBe(port);
});

test('without a free port, the error is one sentence', async () => {
  expect(await setupErrorOf(claimPort(65_500, async () => false))).toBe('No free port between 65500 and 65535.');
  expect(await setupErrorOf(claimPort(0, async () => false))).toBe('No free port between 20000 and 32000.');
});

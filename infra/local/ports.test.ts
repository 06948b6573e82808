import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { SetupError } from './errors.ts';
import { answers, anyFreePort, isFree, pickPort } from './ports.ts';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
const taken = async (host: string): Promise<number> => {
  const server = createServer();
  servers.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
};

test.each(['127.0.0.1', '0.0.0.0'])('a port on which somebody listens at %s is not free', async (host) => {
  const port = await taken(host);
  expect(await answers(port)).toBe(true);
  expect(await isFree(port)).toBe(false);
  expect(await pickPort(port)).toBeGreaterThan(port);
});

test('any free port can be listened on, and lies below those that the system gives to callers', async () => {
  const port = await anyFreePort();
  expect(await isFree(port)).toBe(true);
  expect(await answers(port)).toBe(false);
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port).toBeLessThan(32_768);
});

test('the wanted port, else the next that is free', async () => {
  const free =
    (...taken: number[]) =>
    async (port: number) =>
      !taken.includes(port);
  expect(await pickPort(9092, free())).toBe(9092);
  expect(await pickPort(9092, free(9092, 9093))).toBe(9094);
});

test('none free: a sentence', async () => {
  const error = await pickPort(65_500, async () => false).catch((each: unknown) => each);
  expect(error).toBeInstanceOf(SetupError);
});

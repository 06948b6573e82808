import { expect, test } from '@jest/globals';
import { brokerPool } from './pool.ts';
import type { Broker } from './port.ts';

test('mappings with the same connection settings share a client, and `close` closes all clients', async () => {
  const closed: string[] = [];
  const pool = brokerPool((servers) => {
    const bootstrapServers = servers.join();
    return { bootstrapServers, close: () => Promise.resolve(void closed.push(bootstrapServers)) } as unknown as Broker;
  });
  const sasl = (password: string) => ({ sasl: { mechanism: 'plain' as const, username: 'u', password } });
  expect(pool.get(['a:1'], sasl('p'))).toBe(pool.get(['a:1'], sasl('p')));
  expect(pool.get(['a:1'], sasl('q'))).not.toBe(pool.get(['a:1'], sasl('p')));
  expect(pool.get(['b:1'], sasl('p'))).not.toBe(pool.get(['a:1'], sasl('p')));
  await pool.close();
  expect(closed.sort()).toEqual(['a:1', 'a:1', 'b:1']);
});

import { expect, test } from '@jest/globals';
import { registrationSchema } from '../domain/registration.ts';
import { MemoryRegistry } from '../../test/doubles/registry.ts';
import { frame } from '../../test/support/frames.ts';
import type { Transports } from '../ports.ts';
import { createDeliverToClients } from './deliver-to-clients.ts';

const SUBSCRIBER = { cluster: 0, subscriber: 0 };
const registry = new MemoryRegistry({ clusters: 1, subscribersPerCluster: 1, clientTtl: 60 });
await registry.register(registrationSchema.parse({ client_id: 'tcp', port: 6000 }), 0);
await registry.register({ connection_id: 'socket', room_id: 'global' }, 0);
await registry.register({ connection_id: 'elsewhere', room_id: 'other' }, 0);

const recorded = () => {
  const sent: [transport: string, clients: string[], totals: Record<string, number>][] = [];
  const to = (name: string) => ({
    send: async (clients: readonly { id: string }[], { totals }: { totals: Record<string, number> }) =>
      void sent.push([name, clients.map(({ id }) => id), totals]),
  });
  return { sent, to };
};

test('each client of the room gets the frame over its own transport', async () => {
  const { sent, to } = recorded();
  const transports: Transports = { tcp: to('tcp'), websocket: to('websocket') };
  await createDeliverToClients({ registry, transports })(SUBSCRIBER).publish('global', frame(3));
  expect(sent).toEqual([
    ['tcp', ['tcp'], { '🔥': 3 }],
    ['websocket', ['socket'], { '🔥': 3 }],
  ]);
});

test('without a transport its clients get nothing, and without clients a transport is not called', async () => {
  const { sent, to } = recorded();
  const deliveryOf = createDeliverToClients({ registry, transports: { websocket: to('websocket') } });
  for (const room of ['global', 'other', 'empty']) await deliveryOf(SUBSCRIBER).publish(room, frame(1, { room }));
  expect(sent.map(([name, clients]) => [name, clients])).toEqual([
    ['websocket', ['socket']],
    ['websocket', ['elsewhere']],
  ]);
});

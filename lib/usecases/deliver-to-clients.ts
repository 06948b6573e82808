import type { Frame } from '../domain/frame.ts';
import type { Client, ClientOf, SubscriberRef } from '../domain/registration.ts';
import type { Delivery, Registry, Transport, Transports } from '../ports.ts';

interface Deps {
  registry: Pick<Registry, 'clients'>;
  transports: Transports;
}

/** Creates the delivery to the registered clients of a subscriber, each by its transport. */
export const createDeliverToClients =
  ({ registry, transports }: Deps) =>
  (subscriber: SubscriberRef): Delivery => ({
    async publish(room, frame) {
      const clients = (await registry.clients(subscriber, [room])).get(room) ?? [];
      await Promise.all([send(transports, 'tcp', clients, frame), send(transports, 'websocket', clients, frame)]);
    },
  });

const send = async <T extends Client['transport']>(
  transports: Transports,
  name: T,
  clients: readonly Client[],
  frame: Frame,
): Promise<void> => {
  const transport: Transport<T> | undefined = transports[name];
  const ofTransport = clients.filter((client): client is ClientOf<T> => client.transport === name);
  if (ofTransport.length > 0) await transport?.send(ofTransport, frame);
};

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A network of one link: what goes to its port comes out at the target, unless the link is troubled. */
export interface TcpProxy {
  port: number;
  /** Every connection is reset, and so is every new one: a cable that is pulled, a firewall that refuses. */
  refuse(): void;
  /** Nothing gets through and nobody is told: a partition. What was sent arrives after `heal`. */
  swallow(): void;
  /** Every piece of data takes this long (ms) in either direction. */
  delay(ms: number): void;
  heal(): void;
  close(): Promise<void>;
}

type State = { kind: 'open' | 'refusing' | 'swallowing' } | { kind: 'slow'; ms: number };

/** Listens on a free port of 127.0.0.1. */
export async function tcpProxy(target: number): Promise<TcpProxy> {
  let state: State = { kind: 'open' };
  const sockets = new Set<Socket>();

  const keep = (socket: Socket) => {
    sockets.add(socket.setNoDelay(true));
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    if (state.kind === 'swallowing') socket.pause();
  };
  const pass = (from: Socket, to: Socket) => {
    // One after the other, so that data is delayed but never overtaken.
    let order = Promise.resolve();
    const later = (act: () => void) => {
      if (state.kind !== 'slow') return void (order = order.then(act));
      const { ms } = state;
      const due = performance.now() + ms;
      order = order.then(() => new Promise((resolve) => setTimeout(resolve, due - performance.now()))).then(act);
    };
    from.on('data', (data) => later(() => to.writable && to.write(data)));
    from.on('end', () => later(() => to.end()));
    from.on('close', () => later(() => to.destroy()));
  };
  const server = createServer((client) => {
    if (state.kind === 'refusing') return void client.resetAndDestroy();
    const upstream = connect({ port: target, host: '127.0.0.1' });
    keep(client);
    keep(upstream);
    pass(client, upstream);
    pass(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const become = (next: State) => {
    state = next;
    for (const socket of sockets) {
      if (next.kind === 'refusing') socket.resetAndDestroy();
      else if (next.kind === 'swallowing') socket.pause();
      else socket.resume();
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    refuse: () => become({ kind: 'refusing' }),
    swallow: () => become({ kind: 'swallowing' }),
    delay: (ms) => become({ kind: 'slow', ms }),
    heal: () => become({ kind: 'open' }),
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

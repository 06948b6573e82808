import { EventEmitter, once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A network of one link: what goes to its port comes out at the target, unless the link is troubled. */
export interface TcpProxy {
  port: number;
  /** Every connection is reset, and so is every new one: a cable that is pulled, a firewall that refuses. */
  refuse(): void;
  /** Nothing gets through and nobody is told: a partition. What was sent, or delayed, arrives after `heal`. */
  swallow(): void;
  /** Every piece of data takes this long (ms) in either direction. */
  delay(ms: number): void;
  heal(): void;
  /** New connections lead to another port, as after a change of DNS. Open ones are cut, or stay where they are. */
  moveTo(target: number, open: 'cut' | 'stay'): void;
  close(): Promise<void>;
}

interface Options {
  /** Only connections whose client has sent such data are troubled; without it, all are. */
  concerns?: (data: Buffer) => boolean;
}

interface Link {
  sockets: readonly Socket[];
  isConcerned: boolean;
}

type State = { kind: 'open' | 'refusing' | 'swallowing' } | { kind: 'slow'; ms: number };

/** Listens on a free port of 127.0.0.1. */
export async function tcpProxy(firstTarget: number, { concerns }: Options = {}): Promise<TcpProxy> {
  let target = firstTarget;
  let state: State = { kind: 'open' };
  const changes = new EventEmitter().setMaxListeners(0);
  const links = new Set<Link>();

  const obey = ({ sockets, isConcerned }: Link) => {
    if (!isConcerned) return;
    for (const socket of sockets) {
      if (state.kind === 'refusing') socket.resetAndDestroy();
      else if (state.kind === 'swallowing') socket.pause();
      else socket.resume();
    }
  };
  const pass = (link: Link, from: Socket, to: Socket) => {
    // One after the other, so that data is delayed but never overtaken.
    let order = Promise.resolve();
    const later = (act: () => void) => {
      const due = performance.now() + (link.isConcerned && state.kind === 'slow' ? state.ms : 0);
      order = order.then(async () => {
        const wait = due - performance.now();
        if (wait > 0) await sleep(wait, undefined, { ref: false });
        while (link.isConcerned && state.kind === 'swallowing') await once(changes, 'state');
        act();
      });
    };
    from.on('data', (data) => later(() => to.writable && to.write(data)));
    from.on('end', () => later(() => to.end()));
    from.on('close', () => later(() => to.destroy()));
  };
  const server = createServer((client) => {
    if (state.kind === 'refusing' && !concerns) return void client.resetAndDestroy();
    const upstream = connect({ port: target, host: '127.0.0.1' });
    const link: Link = { sockets: [client, upstream], isConcerned: !concerns };
    links.add(link);
    for (const socket of link.sockets)
      socket
        .setNoDelay(true)
        .on('error', () => undefined)
        .on('close', () => link.sockets.every(({ destroyed }) => destroyed) && links.delete(link));
    if (concerns)
      client.on('data', (data) => {
        if (link.isConcerned || !concerns(data)) return;
        link.isConcerned = true;
        obey(link);
      });
    pass(link, client, upstream);
    pass(link, upstream, client);
    obey(link);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const become = (next: State) => {
    state = next;
    changes.emit('state');
    for (const link of links) obey(link);
  };
  return {
    port: (server.address() as AddressInfo).port,
    refuse: () => become({ kind: 'refusing' }),
    swallow: () => become({ kind: 'swallowing' }),
    delay: (ms) => become({ kind: 'slow', ms }),
    heal: () => become({ kind: 'open' }),
    moveTo(next, open) {
      target = next;
      if (open === 'cut') for (const { sockets } of links) for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      server.close();
      for (const { sockets } of links) for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

import { EventEmitter, once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy that forwards connections to a target, and can disturb them. */
export interface TcpProxy {
  port: number;
  /** Resets all open and new connections, like a firewall that rejects them. */
  refuse(): void;
  /** Holds all data without an error, like a network partition. Data that were sent or delayed arrive after `heal`. */
  swallow(): void;
  /** Delays all data by this time (ms) in each direction. */
  delay(ms: number): void;
  heal(): void;
  /** New connections go to another port, as after a DNS change. Open ones are cut, or stay with their target. */
  moveTo(target: number, open: 'cut' | 'stay'): void;
  close(): Promise<void>;
}

interface Options {
  /** Only connections whose client has sent matching data are disturbed (default: all). */
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

  const applyState = ({ sockets, isConcerned }: Link) => {
    if (!isConcerned) return;
    for (const socket of sockets) {
      if (state.kind === 'refusing') socket.resetAndDestroy();
      else if (state.kind === 'swallowing') socket.pause();
      else socket.resume();
    }
  };
  const forward = (link: Link, from: Socket, to: Socket) => {
    // One after the other: delayed data keep their order.
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
        applyState(link);
      });
    forward(link, client, upstream);
    forward(link, upstream, client);
    applyState(link);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const setState = (next: State) => {
    state = next;
    changes.emit('state');
    for (const link of links) applyState(link);
  };
  return {
    port: (server.address() as AddressInfo).port,
    refuse: () => setState({ kind: 'refusing' }),
    swallow: () => setState({ kind: 'swallowing' }),
    delay: (ms) => setState({ kind: 'slow', ms }),
    heal: () => setState({ kind: 'open' }),
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

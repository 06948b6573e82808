import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { valueCutter, wordsOf } from './resp.ts';

export interface Command {
  /** In upper case: EVALSHA. */
  name: string;
  args: readonly string[];
}

/** The command waits until the hook resolves. An error of the hook cuts the connection. */
export type Hook = (command: Command) => void | Promise<void>;

/** A proxy before Redis that parses the commands and can run hooks between any two of them. */
export interface RedisCommandProxy {
  port: number;
  /** Called before a command is forwarded: Redis does not have it yet. */
  before(hook: Hook | undefined): void;
  /** Called when Redis has replied, before the reply is forwarded to the client. */
  after(hook: Hook | undefined): void;
  /** Cuts all connections; new ones go to this port. */
  moveTo(target: number): void;
  close(): Promise<void>;
}

/** Makes a hook that acts once, at the n-th matching command (from 1). */
export const atCommand = (n: number, matches: (command: Command) => boolean, act: () => void | Promise<void>): Hook => {
  let seen = 0;
  return (command) => (matches(command) && ++seen === n ? act() : undefined);
};

/**
 * Listens on a free port of 127.0.0.1. Commands of one connection are forwarded one by one, each after the reply to the
 * previous one, so that hooks run between the commands of a pipeline, too. Does not support subscriptions and MONITOR,
 * which have several replies.
 */
export async function redisCommandProxy(firstTarget: number): Promise<RedisCommandProxy> {
  let target = firstTarget;
  let hooks: { before?: Hook | undefined; after?: Hook | undefined } = {};
  const sockets = new Set<Socket>();

  const serve = (client: Socket) => {
    const upstream = connect({ port: target, host: '127.0.0.1' });
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket.setNoDelay(true));
      socket.on('error', cut).on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    const cutReplies = valueCutter();
    const cutCommands = valueCutter();
    let answered: ((reply: Buffer) => void) | undefined;
    upstream.on('data', (data) => {
      for (const reply of cutReplies(data)) answered?.(reply);
    });
    const run = async (bytes: Buffer) => {
      if (client.destroyed) return;
      const [name = '', ...args] = wordsOf(bytes);
      const command = { name: name.toUpperCase(), args };
      await hooks.before?.(command);
      const reply = new Promise<Buffer>((resolve) => (answered = resolve));
      upstream.write(bytes);
      const answer = await reply;
      await hooks.after?.(command);
      client.write(answer);
    };
    let order = Promise.resolve();
    client.on('data', (data) => {
      for (const bytes of cutCommands(data)) order = order.then(() => run(bytes)).catch(cut);
    });
  };
  const server = createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    before: (hook) => void (hooks = { ...hooks, before: hook }),
    after: (hook) => void (hooks = { ...hooks, after: hook }),
    moveTo(next) {
      target = next;
      cutAll();
    },
    async close() {
      server.close();
      cutAll();
      await once(server, 'close');
    },
  };
}

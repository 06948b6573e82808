import { startRedisNode, type RedisNode } from './redis-node.ts';
import { tcpProxy } from './tcp-proxy.ts';
import { until } from './until.ts';

/**
 * The kind of failover. `address moves`: the old primary is killed, its connections are cut, and the address leads to
 * the new primary. `roles swap`: connections stay open; clients of the old primary get READONLY errors.
 */
export type FailoverForm = 'address moves' | 'roles swap';

/** A Redis primary and its replica. A failover loses all writes that the replica lacks. */
export interface RedisPair {
  /** The address for clients: `entrance`, a proxy before the current primary, which can be disturbed. */
  url: string;
  entrance: Awaited<ReturnType<typeof tcpProxy>>;
  readonly primary: RedisNode;
  readonly replica: RedisNode;
  /** Delays replication by this time (ms). */
  lag(ms: number): void;
  /** Stops replication, also of delayed writes, until `thaw` or a failover. */
  freeze(): void;
  thaw(): void;
  /** Resolves when the replica has all writes that the primary had at the time of the call. */
  synced(): Promise<void>;
  /** Promotes the replica in its current state. The old primary then replicates from it, without a lag. */
  failover(form: FailoverForm): Promise<void>;
  stop(): Promise<void>;
}

const SYNC_MS = 30_000;
const offset = async (node: RedisNode) => Number((await node.info('replication')).get('master_repl_offset'));

/** @param wrap see `startRedisNode` */
export async function startRedisPair({ wrap }: { wrap?: (program: string) => string } = {}): Promise<RedisPair> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const act of undo.splice(0).reverse()) await act();
  };
  const start = async () => {
    const node = await startRedisNode({}, undefined, wrap);
    undo.push(node.remove);
    // Only the replica uses this proxy.
    const inlet = await tcpProxy(node.port);
    undo.push(inlet.close);
    return { node, inlet };
  };
  try {
    let [primary, replica] = [await start(), await start()];
    const entrance = await tcpProxy(primary.node.port);
    undo.push(entrance.close);
    const follow = async () => {
      await replica.node.redis.replicaof('127.0.0.1', primary.inlet.port);
      await until(
        'the replica is in sync',
        async () => (await replica.node.info('replication')).get('master_link_status') === 'up',
        SYNC_MS,
      );
    };
    await follow();
    const synced = async () => {
      const wanted = await offset(primary.node);
      await until('the replica has all writes', async () => (await offset(replica.node)) >= wanted, SYNC_MS);
    };
    await synced();
    return {
      url: `redis://127.0.0.1:${entrance.port}`,
      entrance,
      get primary() {
        return primary.node;
      },
      get replica() {
        return replica.node;
      },
      lag: (ms) => primary.inlet.delay(ms),
      freeze: () => primary.inlet.swallow(),
      thaw: () => primary.inlet.heal(),
      synced,
      async failover(form) {
        primary.inlet.swallow();
        if (form === 'address moves') await primary.node.service.kill('SIGKILL');
        await replica.node.redis.replicaof('NO', 'ONE');
        const old = primary;
        [primary, replica] = [replica, primary];
        entrance.moveTo(primary.node.port, form === 'address moves' ? 'cut' : 'stay');
        old.inlet.heal();
        if (form === 'address moves') await replica.node.service.start();
        await follow();
      },
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

import { startRedisNode, type RedisNode } from './redis-node.ts';
import { tcpProxy } from './tcp-proxy.ts';
import { until } from './until.ts';

/**
 * What clients see of a failover. `address moves`: the old primary is killed, its connections are cut, and the address
 * leads to the new one. `roles swap`: nothing is cut; whoever is connected to the old primary is told READONLY.
 */
export type FailoverForm = 'address moves' | 'roles swap';

/** A Redis primary and its replica. Everything that the replica lacks at a failover is lost. */
export interface RedisPair {
  /** Where clients connect: a proxy before whoever is the primary, which can be troubled as any link. */
  url: string;
  entrance: Awaited<ReturnType<typeof tcpProxy>>;
  readonly primary: RedisNode;
  readonly replica: RedisNode;
  /** Every write reaches the replica this long (ms) after the primary has answered. */
  lag(ms: number): void;
  /** No write reaches the replica from now on, those that are delayed neither, until `thaw` or a failover. */
  freeze(): void;
  thaw(): void;
  /** Resolves when the replica has everything that the primary had when asked. */
  synced(): Promise<void>;
  /** Promotes the replica as it is. The old primary then follows it, without a lag. */
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
    // Only a replica comes this way.
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
        'the replica has its copy',
        async () => (await replica.node.info('replication')).get('master_link_status') === 'up',
        SYNC_MS,
      );
    };
    await follow();
    const synced = async () => {
      const wanted = await offset(primary.node);
      await until('the replica has everything', async () => (await offset(replica.node)) >= wanted, SYNC_MS);
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

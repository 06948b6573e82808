import { anyFreePort, isFree } from '../../infra/local/ports.ts';
import { startRedisNode, type RedisNode } from './redis-node.ts';
import { tcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { until } from './until.ts';

/** A range of slots with its primary and its replica. */
export interface Shard {
  readonly primary: RedisNode;
  readonly replica: RedisNode;
  /** The first and the last slot. */
  readonly slots: readonly [number, number];
}

/** A Redis Cluster of three primaries with one replica each. A failover loses all writes that a replica lacks. */
export interface RedisCluster {
  /** The URL of one node, from which a client discovers the others. */
  url: string;
  addresses: readonly { host: string; port: number }[];
  shards: readonly Shard[];
  /** Delays replication in all shards by this time (ms). */
  lag(ms: number): void;
  /** Stops replication in these shards (by number) until `thaw` or a failover. */
  freeze(shards?: readonly number[]): void;
  thaw(): void;
  /** Resolves when every replica has the writes that its primary had at the time of the call. */
  synced(): Promise<void>;
  /** Promotes the replicas of these shards without an election. The old primaries then become their replicas. */
  failover(shards: readonly number[]): Promise<void>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
const SHARDS = [0, 1, 2] as const;
const TIMEOUT_MS = 30_000;

interface Member {
  node: RedisNode;
  /** The announced address of the node, for clients and replicas. Only the replicas' connections are disturbed. */
  proxy: TcpProxy;
}

/** Redis 6 uses port + 10,000 for its cluster bus; both must be below the ports of outgoing connections. */
const clusterPort = async (): Promise<number> => {
  const port = (await anyFreePort()) - 10_000;
  return (await isFree(port)) ? port : clusterPort();
};

const startMember = async (): Promise<Member> => {
  const proxy = await tcpProxy(0, { concerns: (data) => data.includes('REPLCONF') });
  try {
    const options = {
      'cluster-enabled': 'yes',
      'cluster-announce-ip': '127.0.0.1',
      'cluster-announce-port': String(proxy.port),
      // Long enough for a machine under load. Only `failover` promotes replicas.
      'cluster-node-timeout': '5000',
      'cluster-replica-no-failover': 'yes',
      appendonly: 'no',
    };
    const node = await startRedisNode(options, clusterPort);
    proxy.moveTo(node.port, 'cut');
    return { node, proxy };
  } catch (error) {
    await proxy.close();
    throw error;
  }
};

const cluster = ({ node }: Member, ...args: (string | number)[]) => node.redis.call('CLUSTER', ...args);
const offset = async ({ node }: Member) => Number((await node.info('replication')).get('master_repl_offset'));

const epochs = async (member: Member) => {
  const info = String(await cluster(member, 'INFO'));
  return { mine: /cluster_my_epoch:(\d+)/.exec(info)?.[1], current: /cluster_current_epoch:(\d+)/.exec(info)?.[1] };
};
const knowsAllNodes = async (member: Member): Promise<boolean> => {
  const state = String(await cluster(member, 'INFO'));
  return state.includes('cluster_state:ok') && state.includes('cluster_known_nodes:6');
};
/** The ids of the nodes that `member` considers primaries with slots. */
const primariesKnownTo = async (member: Member): Promise<Set<string>> => {
  const slots = (await cluster(member, 'SLOTS')) as [number, number, [string, number, string]][];
  return new Set(slots.map(([, , [, , id]]) => id));
};

export async function startRedisCluster(): Promise<RedisCluster> {
  const members: Member[] = [];
  const stop = async () => {
    await Promise.all(members.splice(0).map(({ node, proxy }) => Promise.all([node.remove(), proxy.close()])));
  };
  try {
    // One after the other, so that no two nodes choose the same port.
    for (const _ of [...SHARDS, ...SHARDS]) members.push(await startMember());
    const shards = SHARDS.map((n) => {
      const [primary, replica] = [members[n], members[n + SHARDS.length]];
      if (!primary || !replica) throw new Error('a member is missing');
      const slots = [Math.ceil((n * SLOTS) / SHARDS.length), Math.ceil(((n + 1) * SLOTS) / SHARDS.length) - 1] as const;
      return { primary, replica, slots };
    });
    for (const [
      n,
      {
        primary,
        slots: [first, last],
      },
    ] of shards.entries()) {
      await cluster(primary, 'ADDSLOTS', ...Array.from({ length: last - first + 1 }, (_, at) => first + at));
      await cluster(primary, 'SET-CONFIG-EPOCH', n + 1);
    }
    const idOf = async (member: Member) => String(await cluster(member, 'MYID'));
    for (const { node } of members.slice(1)) {
      const { port } = node;
      await cluster(members[0] as Member, 'MEET', '127.0.0.1', port, port + 10_000);
    }
    for (const member of members) await until('each node knows the others', () => knowsAllNodes(member), TIMEOUT_MS);
    const follows = async ({ primary, replica }: (typeof shards)[number]) =>
      until(
        'the replica is in sync',
        async () => (await replica.node.info('replication')).get('master_link_status') === 'up',
        TIMEOUT_MS,
      ).then(() => primary);
    for (const { primary, replica } of shards) await cluster(replica, 'REPLICATE', await idOf(primary));
    await Promise.all(shards.map(follows));
    const agreed = async () => {
      // Replicas that are promoted together take the same epoch. Until the conflict is resolved on all nodes, the next
      // promoted replica could take the epoch of its old primary, and lose the slots to it.
      await until(
        'each primary has its own epoch, and all nodes know the newest one',
        async () => {
          const own = await Promise.all(shards.map(({ primary }) => epochs(primary)));
          const newest = await Promise.all(members.map((member) => epochs(member)));
          return (
            new Set(own.map(({ mine }) => mine)).size === shards.length &&
            new Set(newest.map(({ current }) => current)).size === 1
          );
        },
        TIMEOUT_MS,
      );
      const ids = await Promise.all(shards.map(({ primary }) => idOf(primary)));
      for (const member of members)
        await until(
          'each node knows the primaries',
          async () => {
            const known = await primariesKnownTo(member);
            return known.size === ids.length && ids.every((id) => known.has(id));
          },
          TIMEOUT_MS,
        );
    };
    await agreed();

    const some = (numbers: readonly number[]) => shards.filter((_, n) => numbers.includes(n));
    return {
      url: `redis://127.0.0.1:${members[0]?.proxy.port}`,
      addresses: members.map(({ proxy }) => ({ host: '127.0.0.1', port: proxy.port })),
      shards: shards.map((shard) => ({
        get primary() {
          return shard.primary.node;
        },
        get replica() {
          return shard.replica.node;
        },
        slots: shard.slots,
      })),
      lag: (ms) => shards.forEach(({ primary }) => primary.proxy.delay(ms)),
      freeze: (numbers = SHARDS) => some(numbers).forEach(({ primary }) => primary.proxy.swallow()),
      thaw: () => shards.forEach(({ primary }) => primary.proxy.heal()),
      async synced() {
        for (const { primary, replica } of shards) {
          const wanted = await offset(primary);
          await until('the replica has all writes', async () => (await offset(replica)) >= wanted, TIMEOUT_MS);
        }
      },
      async failover(numbers) {
        const failing = some(numbers);
        for (const { primary } of failing) primary.proxy.swallow();
        await Promise.all(failing.map(({ replica }) => cluster(replica, 'FAILOVER', 'TAKEOVER')));
        for (const shard of failing) {
          const { primary, replica } = shard;
          Object.assign(shard, { primary: replica, replica: primary });
          primary.proxy.heal();
        }
        await Promise.all(failing.map(follows));
        await agreed();
      },
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

import type { Caller } from '../../domain/access.ts';
import type {
  Client,
  ConnectionRegistration,
  Registered,
  Registration,
  SubscriberRef,
} from '../../domain/registration.ts';
import { PlatformError } from '../../errors.ts';
import type { Assignment, Registry } from '../../ports.ts';
import { tooManyClients, unknownCluster } from '../registry-errors.ts';
import { ByKey } from './by-key.ts';
import { withStore, type RedisClient, type Reply } from './client.ts';
import { removeFormerRegistry } from './former-registry.ts';
import { registryKeys, type RegistryKeys } from './registry-keys.ts';
import {
  readRecord,
  storedAs,
  subscriberScore,
  toClient,
  toRegistered,
  toStored,
  type Stored,
  type ToStore,
} from './registry-records.ts';

interface Options {
  clusters: number;
  subscribersPerCluster: number;
  /** Time to live (s) of a registration. */
  clientTtl: number;
  /** Maximum number of clients, in total and per address. */
  maxClients?: number;
  maxClientsPerAddress?: number;
  /** Called for each damaged entry, which is skipped. */
  onDamaged?: (damage: Damage) => void;
  /** Called once per subscriber that has clients although its cluster is no longer configured. */
  onUnserved?: (subscriber: SubscriberRef) => void;
}

interface Damage {
  room: string;
  /** Which entry of the room's; without it, all of them. */
  entry?: string;
  reason: string;
}

/** What is to be stored of a client. */
interface Change {
  client: ToStore;
  /** The client address of its registration. */
  source: string;
  /** End of its time to live; without it, unchanged. */
  expires?: number;
}

const UNLIMITED = Number.MAX_SAFE_INTEGER;
/** Maximum number of clients unregistered per call, so that it never blocks Redis for long. */
const EXPIRE_AT_ONCE = 500;
/**
 * How long (s) Redis keeps the clients of a room without further registrations: a safeguard against leftovers. Clients
 * expire by the functions' clock; much longer than their time to live, so that Redis's clock may be wrong by hours.
 */
const ROOM_KEYS_SECONDS = 86_400;
/** Number of clients read in one round trip. */
const CHUNK = 1000;
/** Maximum number of retries when another process changes the client meanwhile. */
const ATTEMPTS = 20;

/** Number of least loaded clusters that the script chooses from, so that its work is bounded. */
const CANDIDATES = 8;

const SUBSCRIBER = /^(\d{1,3}):(\d{1,4})$/;

export class RedisRegistry implements Registry {
  readonly #redis: RedisClient;
  readonly #options: Options;
  readonly #keys: RegistryKeys;
  readonly #unserved = new Set<string>();
  readonly #changes = new ByKey();
  #seeded: Promise<void> | undefined;

  constructor(redis: RedisClient, options: Options) {
    this.#redis = redis;
    this.#options = options;
    this.#keys = registryKeys(redis);
  }

  register(registration: Registration | ConnectionRegistration, now: number, address = ''): Promise<Assignment> {
    return withStore(async () => {
      const client = toStored(registration);
      const { clusters, maxClients = UNLIMITED, maxClientsPerAddress = UNLIMITED } = this.#options;
      const { cluster: wanted = 0 } = client;
      if (wanted < 0 || wanted >= clusters) throw unknownCluster(clusters);
      await Promise.all([this.expire(now), this.#seed()]);
      const caller = 'caller' in registration ? registration.caller : undefined;
      const expires = this.#expiryOf(now, caller);
      const reply = await this.#assign(client.id, () => ({ client, source: address, expires }));
      if (reply === 'clients') throw tooManyClients(maxClients);
      if (reply === 'source') throw tooManyClients(maxClientsPerAddress, address);
      const [cluster, subscriber] = reply as [number, number];
      return { client: client.id, cluster, subscriber };
    });
  }

  refresh(clientId: string, now: number): Promise<string | undefined> {
    return withStore(async () => {
      let room: string | undefined;
      await this.#assign(clientId, (record) => {
        const registered = record && toRegistered(clientId, record);
        room = registered?.room;
        return record && { ...storedAs(clientId, record), expires: this.#expiryOf(now, registered?.caller) };
      });
      return room;
    });
  }

  find(clientId: string): Promise<Registered | undefined> {
    return withStore(async () => {
      const { record } = await this.#read(clientId);
      return record && toRegistered(clientId, record);
    });
  }

  unregister(clientId: string): Promise<boolean> {
    return withStore(async () => (await this.#forget(clientId)) === 1);
  }

  expire(now: number): Promise<number> {
    return withStore(async () => {
      const ids = await this.#redis.zrangebyscore(this.#keys.byExpiry, '-inf', now, 'LIMIT', 0, EXPIRE_AT_ONCE);
      const replies = await Promise.all(ids.map((id) => this.#forget(id, now)));
      return replies.filter((reply) => reply === 1).length;
    });
  }

  audience(rooms: readonly string[]): Promise<Map<string, SubscriberRef[]>> {
    return withStore(async () => {
      const found = await Promise.all(
        rooms.map(async (room) => {
          const entries = await this.#unlessDamaged(room, this.#redis.hkeys(this.#keys.audience(room)), []);
          const subscribers = this.#readable(room, entries, toSubscriber);
          return [room, subscribers.filter((subscriber) => this.#isServed(subscriber))] as const;
        }),
      );
      return new Map(found.filter(([, subscribers]) => subscribers.length > 0));
    });
  }

  clients({ cluster, subscriber }: SubscriberRef, rooms: readonly string[]): Promise<Map<string, Client[]>> {
    return withStore(async () => {
      const score = subscriberScore(cluster, subscriber);
      const found = await Promise.all(
        rooms.map(async (room) => {
          const viewers = this.#redis.zrangebyscore(this.#keys.viewers(room), score, score);
          return [room, this.#readable(room, await this.#unlessDamaged(room, viewers, []), toClient)] as const;
        }),
      );
      return new Map(found);
    });
  }

  loads(): Promise<Map<number, Map<number, number>>> {
    return withStore(async () => {
      await this.#seed(true);
      const loads = await Promise.all(
        this.#clusters().map((cluster) => this.#redis.zrange(this.#keys.loads(cluster), 0, -1, 'WITHSCORES')),
      );
      return new Map(loads.map((flat, cluster) => [cluster, byId(flat)]));
    });
  }

  addSubscriber({ cluster, subscriber }: SubscriberRef): Promise<boolean> {
    return withStore(async () => {
      await this.#seed(true);
      return (await this.#subscribers('add', cluster, subscriber)) === 1;
    });
  }

  removeSubscriber({ cluster, subscriber }: SubscriberRef): Promise<number> {
    return withStore(async () => {
      await this.#seed(true);
      const reply = await this.#subscribers('remove', cluster, subscriber);
      if (reply === -1) throw new PlatformError('not_found', `Cluster ${cluster} has no subscriber ${subscriber}`);
      if (reply === -2)
        throw new PlatformError(
          'invalid_request',
          `Subscriber ${subscriber} is the only one of cluster ${cluster}: add another first`,
        );
      return this.#moveClientsOf({ cluster, subscriber });
    });
  }

  /** No client is assigned to it any more, so concurrent registrations go to other subscribers. */
  async #moveClientsOf({ cluster, subscriber }: SubscriberRef): Promise<number> {
    let moved = 0;
    for (let from = 0; ; from += CHUNK) {
      const ids = await this.#redis.zrange(this.#keys.byExpiry, from, from + CHUNK - 1);
      if (ids.length === 0) return moved;
      const stored = await Promise.all(ids.map((id) => this.#read(id)));
      const assigned = await Promise.all(
        ids.map((id, n) => {
          const isOf = ({ record }: Pick<Stored, 'record'>) =>
            record?.cluster === cluster && record.subscriber === subscriber;
          if (!isOf(stored[n] ?? { record: undefined })) return undefined;
          return this.#assign(id, (record) => (record && isOf({ record }) ? storedAs(id, record) : undefined));
        }),
      );
      moved += assigned.filter((reply) => Array.isArray(reply)).length;
    }
  }

  /** A registration ends with the token of its caller. */
  #expiryOf(now: number, caller: Caller | undefined): number {
    return Math.min(now + this.#options.clientTtl * 1000, caller?.until ?? Infinity);
  }

  /** @param changeOf the change of a client whose record this is; none when it is undefined */
  async #assign(id: string, changeOf: (record: Stored['record']) => Change | undefined): Promise<Reply> {
    const { clusters, clientTtl, maxClients = UNLIMITED, maxClientsPerAddress = UNLIMITED } = this.#options;
    return this.#repeat(id, async () => {
      const [stored, least] = await Promise.all([this.#read(id), this.#leastLoadedClusters()]);
      const change = changeOf(stored.record);
      if (!change) return null;
      const { client, source, expires } = change;
      const { host, port, cluster: wanted, caller } = client;
      const { cluster = clusters, room } = stored.record ?? {};
      const stays = room === client.room && cluster < clusters && (wanted ?? cluster) === cluster;
      const candidates = wanted === undefined ? least : [wanted];
      const reply = await this.#change('register', id, stored, candidates, client.room, [
        ...[host, port, client.room, source, stays ? 1 : 0, expires ?? ''],
        ...[Math.max(2 * clientTtl, ROOM_KEYS_SECONDS), maxClients, maxClientsPerAddress, caller],
      ]);
      if (reply === 'unseeded') await this.#seed(true);
      return reply;
    });
  }

  /** The candidates among which the script chooses, so that its work does not grow with the number of clusters. */
  async #leastLoadedClusters(): Promise<number[]> {
    const { clusters } = this.#options;
    if (clusters <= CANDIDATES) return this.#clusters();
    // It may include clusters that are no longer configured.
    const names = await this.#redis.zrange(this.#keys.clusters, 0, -1).catch(unlessWrongType([]));
    const least = names.map(Number).filter((cluster) => cluster < clusters);
    return (least.length > 0 ? least : this.#clusters()).slice(0, CANDIDATES);
  }

  /** @param before only when its time to live ends before this time */
  #forget(clientId: string, before?: number): Promise<Reply> {
    return this.#repeat(clientId, async () =>
      this.#change('unregister', clientId, await this.#read(clientId), [], undefined, [before ?? '']),
    );
  }

  #repeat(clientId: string, work: () => Promise<Reply>): Promise<Reply> {
    return this.#changes.run(clientId, async () => {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const reply = await work();
        if (reply !== 'changed' && reply !== 'unseeded') return reply;
      }
      throw new PlatformError('store_unavailable', `Client ${clientId} is being changed by other requests: try again`);
    });
  }

  async #read(clientId: string): Promise<Stored> {
    const text = this.#redis.get(this.#keys.client(clientId));
    return readRecord(await text.catch(unlessWrongType(null)));
  }

  #change(
    operation: string,
    id: string,
    { text, record }: Stored,
    candidates: readonly number[],
    room: string | undefined,
    args: readonly (string | number)[],
  ): Promise<Reply> {
    const former = record?.room ?? room ?? '';
    const rooms = [room ?? former, former].flatMap((each) => [this.#keys.viewers(each), this.#keys.audience(each)]);
    const clusters = [...new Set([...candidates, ...(record ? [record.cluster] : [])])];
    const { byExpiry, byAddress, clusters: byLoad, client } = this.#keys;
    const keys = [byExpiry, byAddress, byLoad, client(id), ...rooms, ...this.#keysOf(clusters)];
    const read = [id, text, record ? 1 : 0];
    return this.#redis.registry(
      ...[keys.length, ...keys],
      ...[operation, ...read, clusters.join(','), candidates.length, ...args],
    );
  }

  #subscribers(operation: string, ...args: number[]): Promise<Reply> {
    const keys = [this.#keys.clusters, ...this.#keysOf(this.#clusters())];
    return this.#redis.subscribers(keys.length, ...keys, operation, ...args);
  }

  /** Creates the missing subscribers: once per process, and again when some are found missing. */
  #seed(again = false): Promise<void> {
    if (again) this.#seeded = undefined;
    this.#seeded ??= this.#subscribers('seed', this.#options.subscribersPerCluster)
      .then(() => removeFormerRegistry(this.#redis))
      .catch((error: unknown) => {
        this.#seeded = undefined;
        throw error;
      });
    return this.#seeded;
  }

  #clusters(): number[] {
    return Array.from({ length: this.#options.clusters }, (_, cluster) => cluster);
  }

  #keysOf(clusters: readonly number[]): string[] {
    return clusters.flatMap((cluster) => [this.#keys.loads(cluster), this.#keys.view(cluster)]);
  }

  #isServed(subscriber: SubscriberRef): boolean {
    if (subscriber.cluster < this.#options.clusters) return true;
    const name = `${subscriber.cluster}:${subscriber.subscriber}`;
    if (!this.#unserved.has(name)) this.#options.onUnserved?.(subscriber);
    this.#unserved.add(name);
    return false;
  }

  /** A key of the wrong type is a permanent error, unlike a store that does not answer. */
  #unlessDamaged<T>(room: string, asked: Promise<T>, instead: T): Promise<T> {
    return asked.catch(unlessWrongType(instead, (reason) => this.#options.onDamaged?.({ room, reason })));
  }

  #readable<T>(room: string, entries: readonly string[], read: (entry: string) => T): T[] {
    return entries.flatMap((entry) => {
      try {
        return [read(entry)];
      } catch (error) {
        this.#options.onDamaged?.({ room, entry, reason: (error as Error).message });
        return [];
      }
    });
  }
}

const unlessWrongType =
  <T>(instead: T, onWrongType?: (reason: string) => void) =>
  (error: Error): T => {
    if (!error.message.startsWith('WRONGTYPE')) throw error;
    onWrongType?.(error.message);
    return instead;
  };

const toSubscriber = (entry: string): SubscriberRef => {
  const [, cluster, subscriber] = SUBSCRIBER.exec(entry) ?? [];
  if (cluster === undefined) throw new Error('no cluster and subscriber');
  return { cluster: Number(cluster), subscriber: Number(subscriber) };
};

const byId = (flat: readonly string[]): Map<number, number> => {
  const pairs = flat.flatMap((id, n): [number, number][] => (n % 2 === 0 ? [[Number(id), Number(flat[n + 1])]] : []));
  return new Map(pairs.sort(([a], [b]) => a - b));
};

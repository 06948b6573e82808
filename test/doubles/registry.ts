import type {
  Client,
  ConnectionRegistration,
  Registered,
  Registration,
  SubscriberRef,
} from '../../lib/domain/registration.ts';
import { PlatformError } from '../../lib/errors.ts';
import { tooManyClients, unknownCluster } from '../../lib/adapters/registry-errors.ts';
import type { Assignment, Registry } from '../../lib/ports.ts';

interface Entry extends SubscriberRef, Registered {
  address: string;
  expiresAt: number;
}

interface Options {
  clusters: number;
  subscribersPerCluster: number;
  clientTtl: number;
  maxClients?: number;
  maxClientsPerAddress?: number;
}

/** The least loaded entry, numerically; ties go to the lowest id. */
const leastLoaded = (loads: ReadonlyMap<number, number>): number =>
  [...loads].sort(([a, load], [b, other]) => load - other || a - b)[0]?.[0] ?? 0;

const clientOf = (registration: Registration | ConnectionRegistration): Client => {
  if ('connection_id' in registration) return { transport: 'websocket', id: registration.connection_id };
  const { client_id: id, host, port } = registration;
  return { transport: 'tcp', id, host, port };
};

/** A registry in memory, for unit tests. It passes the same contract tests as the one in Redis. */
export class MemoryRegistry implements Registry {
  readonly #clients = new Map<string, Entry>();
  readonly #loads = new Map<number, Map<number, number>>();
  readonly #ttlMs: number;
  readonly #max: number;
  readonly #maxPerAddress: number;

  constructor({ clusters, subscribersPerCluster, clientTtl, maxClients, maxClientsPerAddress }: Options) {
    this.#ttlMs = clientTtl * 1000;
    this.#max = maxClients ?? Infinity;
    this.#maxPerAddress = maxClientsPerAddress ?? Infinity;
    for (let cluster = 0; cluster < clusters; cluster++) {
      this.#loads.set(
        cluster,
        new Map(Array.from({ length: subscribersPerCluster }, (_, subscriber) => [subscriber, 0])),
      );
    }
  }

  async register(registration: Registration | ConnectionRegistration, now: number, address = ''): Promise<Assignment> {
    const { room_id: room, cluster_id: wanted } = registration;
    const client = clientOf(registration);
    const { id } = client;
    const caller = 'connection_id' in registration ? registration.caller : undefined;
    await this.expire(now);
    if (wanted !== undefined && !this.#loads.has(wanted)) throw unknownCluster(this.#loads.size);
    const known = this.#clients.get(id);
    if (!known && this.#clients.size >= this.#max) throw tooManyClients(this.#max);
    const fromAddress = [...this.#clients.values()].filter((entry) => entry.address === address).length;
    if (known?.address !== address && fromAddress >= this.#maxPerAddress)
      throw tooManyClients(this.#maxPerAddress, address);
    const stays =
      known?.room === room &&
      (wanted === undefined || wanted === known.cluster) &&
      this.#loads.get(known.cluster)?.has(known.subscriber);
    await this.unregister(id);
    const assigned = known && stays ? known : this.#assign(wanted);
    const { cluster, subscriber } = assigned;
    const expiresAt = Math.min(now + this.#ttlMs, caller?.until ?? Infinity);
    this.#attach({ client, room, caller, address, cluster, subscriber, expiresAt });
    return { client: id, cluster, subscriber };
  }

  async refresh(clientId: string, now: number): Promise<string | undefined> {
    const entry = this.#clients.get(clientId);
    if (entry) entry.expiresAt = Math.min(now + this.#ttlMs, entry.caller?.until ?? Infinity);
    return entry?.room;
  }

  async find(clientId: string): Promise<Registered | undefined> {
    const entry = this.#clients.get(clientId);
    return entry && { client: entry.client, room: entry.room, caller: entry.caller };
  }

  async unregister(clientId: string): Promise<boolean> {
    const entry = this.#clients.get(clientId);
    if (!entry) return false;
    this.#clients.delete(clientId);
    this.#change(entry, -1);
    return true;
  }

  async expire(now: number): Promise<number> {
    const over = [...this.#clients.values()].filter(({ expiresAt }) => expiresAt <= now);
    for (const { client } of over) await this.unregister(client.id);
    return over.length;
  }

  async audience(rooms: readonly string[]): Promise<Map<string, SubscriberRef[]>> {
    const audience = new Map<string, SubscriberRef[]>();
    for (const room of rooms) {
      const subscribers = new Map<string, SubscriberRef>();
      for (const entry of this.#clients.values()) {
        const { cluster, subscriber } = entry;
        if (entry.room === room) subscribers.set(`${cluster}:${subscriber}`, { cluster, subscriber });
      }
      if (subscribers.size > 0) audience.set(room, [...subscribers.values()]);
    }
    return audience;
  }

  async clients(ref: SubscriberRef, rooms: readonly string[]): Promise<Map<string, Client[]>> {
    const mine = [...this.#clients.values()].filter(
      ({ cluster, subscriber }) => cluster === ref.cluster && subscriber === ref.subscriber,
    );
    return new Map(
      rooms.map((room) => [room, mine.filter((entry) => entry.room === room).map(({ client }) => client)]),
    );
  }

  async loads(): Promise<Map<number, Map<number, number>>> {
    return new Map([...this.#loads].map(([cluster, loads]) => [cluster, new Map(loads)]));
  }

  async addSubscriber({ cluster, subscriber }: SubscriberRef): Promise<boolean> {
    const loads = this.#loads.get(cluster);
    if (!loads || loads.has(subscriber)) return false;
    loads.set(subscriber, 0);
    return true;
  }

  async removeSubscriber({ cluster, subscriber }: SubscriberRef): Promise<number> {
    const loads = this.#loads.get(cluster);
    if (!loads?.has(subscriber))
      throw new PlatformError('not_found', `Cluster ${cluster} has no subscriber ${subscriber}`);
    if (loads.size === 1)
      throw new PlatformError('invalid_request', `Subscriber ${subscriber} is the only one of cluster ${cluster}`);
    loads.delete(subscriber);
    const moved = [...this.#clients.values()].filter(
      (entry) => entry.cluster === cluster && entry.subscriber === subscriber,
    );
    for (const entry of moved) this.#attach({ ...entry, subscriber: leastLoaded(loads) });
    return moved.length;
  }

  #assign(wanted: number | undefined): SubscriberRef {
    const sum = (loads: ReadonlyMap<number, number>) => [...loads.values()].reduce((total, load) => total + load, 0);
    const cluster = wanted ?? leastLoaded(new Map([...this.#loads].map(([id, loads]) => [id, sum(loads)])));
    return { cluster, subscriber: leastLoaded(this.#loads.get(cluster) ?? new Map<number, number>()) };
  }

  #attach(entry: Entry): void {
    this.#clients.set(entry.client.id, entry);
    this.#change(entry, 1);
  }

  #change({ cluster, subscriber }: SubscriberRef, by: number): void {
    const loads = this.#loads.get(cluster);
    const load = loads?.get(subscriber);
    if (loads && load !== undefined) loads.set(subscriber, load + by);
  }
}

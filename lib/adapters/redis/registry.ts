import { z } from 'zod';
import type { Client, Registration, SubscriberRef } from '../../domain/registration.ts';
import { PlatformError } from '../../errors.ts';
import { tooManyClients, unknownCluster } from '../registry-errors.ts';
import type { Assignment, Registry } from '../../ports.ts';
import { withStore, type RedisClient, type Reply } from './client.ts';

interface Options {
  clusters: number;
  subscribersPerCluster: number;
  /** How long (s) a client is remembered after it registered. */
  clientTtl: number;
  /** How many clients there may be, in all and from one source. */
  maxClients?: number;
  maxClientsPerSource?: number;
  /** Told of what is left out because it can't be read. */
  onDamaged?: (damage: Damage) => void;
}

interface Damage {
  room: string;
  /** Which entry of the room's; without it, all of them. */
  entry?: string;
  reason: string;
}

const UNLIMITED = Number.MAX_SAFE_INTEGER;
const CLIENTS_BY_EXPIRY = 'clients_by_expiry';
/** How many clients one call unregisters at the most, so that it never holds Redis up for long. */
const EXPIRE_AT_ONCE = 500;

const PLACE = /^(\d{1,3}):(\d{1,3})$/;
const addressSchema = z.object({ host: z.string(), port: z.int() });

export class RedisRegistry implements Registry {
  readonly #redis: RedisClient;
  readonly #options: Options;

  constructor(redis: RedisClient, options: Options) {
    this.#redis = redis;
    this.#options = options;
  }

  async register(registration: Registration, now: number, source = ''): Promise<Assignment> {
    const { client_id, host, port, room_id, cluster_id } = registration;
    const { clusters, clientTtl, maxClients = UNLIMITED, maxClientsPerSource = UNLIMITED } = this.#options;
    await this.expire(now);
    const reply = await this.#run(
      'register',
      ...this.#layout,
      client_id,
      host,
      port,
      room_id,
      cluster_id ?? '',
      now + clientTtl * 1000,
      source,
      maxClients,
      maxClientsPerSource,
    );
    if (reply === 'clients') throw tooManyClients(maxClients);
    if (reply === 'source') throw tooManyClients(maxClientsPerSource, source);
    if (!Array.isArray(reply)) throw unknownCluster(clusters);
    const [cluster, subscriber] = reply as [number, number];
    return { client: client_id, cluster, subscriber };
  }

  async unregister(clientId: string): Promise<boolean> {
    return (await this.#run('unregister', clientId)) === 1;
  }

  async expire(now: number): Promise<number> {
    return Number(await this.#run('expire', now, EXPIRE_AT_ONCE));
  }

  audience(rooms: readonly string[]): Promise<Map<string, SubscriberRef[]>> {
    return withStore(async () => {
      const found = await Promise.all(
        rooms.map(async (room) => {
          const places = await this.#unlessDamaged(room, this.#redis.hkeys(`audience:${room}`), []);
          return [room, this.#readable(room, places, (place) => this.#toSubscriber(place))] as const;
        }),
      );
      return new Map(found.filter(([, subscribers]) => subscribers.length > 0));
    });
  }

  clients({ cluster, subscriber }: SubscriberRef, rooms: readonly string[]): Promise<Map<string, Client[]>> {
    return withStore(async () => {
      const found = await Promise.all(
        rooms.map(async (room) => {
          const viewers = this.#redis.hgetall(`viewers:${cluster}:${subscriber}:${room}`);
          const addresses = await this.#unlessDamaged(room, viewers, {});
          const toClient = (id: string) => ({ id, ...addressSchema.parse(JSON.parse(addresses[id] ?? '')) });
          return [room, this.#readable(room, Object.keys(addresses), toClient)] as const;
        }),
      );
      return new Map(found);
    });
  }

  async loads(): Promise<Map<number, Map<number, number>>> {
    await this.#run('seed', ...this.#layout);
    return withStore(async () => {
      const clusters = Array.from({ length: this.#options.clusters }, (_, cluster) => cluster);
      const loads = await Promise.all(clusters.map((cluster) => this.#redis.hgetall(`cluster_${cluster}_subscribers`)));
      const numeric = (hash: Record<string, string>) =>
        new Map(Object.entries(hash).map(([id, load]) => [Number(id), Number(load)]));
      return new Map(clusters.map((cluster, n) => [cluster, numeric(loads[n] ?? {})]));
    });
  }

  async addSubscriber({ cluster, subscriber }: SubscriberRef): Promise<boolean> {
    await this.#run('seed', ...this.#layout);
    return (await this.#run('add', cluster, subscriber)) === 1;
  }

  async removeSubscriber({ cluster, subscriber }: SubscriberRef): Promise<number> {
    await this.#run('seed', ...this.#layout);
    const moved = Number(await this.#run('remove', cluster, subscriber));
    if (moved === -1) throw new PlatformError('not_found', `Cluster ${cluster} has no subscriber ${subscriber}`);
    if (moved === -2)
      throw new PlatformError(
        'invalid_request',
        `Subscriber ${subscriber} is the last one of cluster ${cluster}: add another first`,
      );
    return moved;
  }

  get #layout(): [number, number] {
    return [this.#options.clusters, this.#options.subscribersPerCluster];
  }

  /** A key that holds something else than it should fails for good: unlike a store that does not answer. */
  async #unlessDamaged<T>(room: string, asked: Promise<T>, instead: T): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      const { message: reason } = error as Error;
      if (!reason.startsWith('WRONGTYPE')) throw error;
      this.#options.onDamaged?.({ room, reason });
      return instead;
    }
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

  #toSubscriber(place: string): SubscriberRef {
    const [, cluster, subscriber] = PLACE.exec(place)?.map(Number) ?? [];
    if (cluster === undefined || subscriber === undefined || cluster >= this.#options.clusters)
      throw new Error(`no subscriber of clusters 0 to ${this.#options.clusters - 1}`);
    return { cluster, subscriber };
  }

  #run(operation: string, ...args: (string | number)[]): Promise<Reply> {
    return withStore(() => this.#redis.registry(1, CLIENTS_BY_EXPIRY, operation, ...args));
  }
}

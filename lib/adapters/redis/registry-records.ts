import { z } from 'zod';
import { callerSchema, claimsOf, type Caller } from '../../domain/access.ts';
import type { Client, ConnectionRegistration, Registered, Registration } from '../../domain/registration.ts';

/** Stored in place of the host and the port of a client that is a WebSocket connection. */
const WEBSOCKET = { host: 'websocket', port: 0 };

/**
 * A stored client. `source` is the client address of its registration, `caller` the claims (JSON) of a connection's
 * token.
 */
const recordSchema = z.object({
  host: z.string(),
  port: z.int(),
  room: z.string(),
  cluster: z.int().min(0).max(999),
  subscriber: z.int().min(0).max(9999),
  source: z.string(),
  caller: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(callerSchema)
    .optional(),
});
type ClientRecord = z.infer<typeof recordSchema>;

/** A client as read: the stored text, and its parsed value unless it is damaged. */
export interface Stored {
  text: string;
  record: ClientRecord | undefined;
}

export const readRecord = (text: string | null): Stored => {
  try {
    return { text: text ?? '', record: recordSchema.parse(JSON.parse(text ?? '')) };
  } catch {
    return { text: text ?? '', record: undefined };
  }
};

/** The score of a subscriber's clients in the sorted set of a room's viewers. */
export const subscriberScore = (cluster: number, subscriber: number): number => cluster * 10_000 + subscriber;

const ENTRY = /^(\S+) (\d{1,5}) (\S+)$/;

const clientAt = (id: string, host: string, port: number): Client =>
  port === WEBSOCKET.port ? { transport: 'websocket', id } : { transport: 'tcp', id, host, port };

/** @throws Error when the entry in a room's viewers is damaged. */
export const toClient = (entry: string): Client => {
  const [, id, port, host] = ENTRY.exec(entry) ?? [];
  if (id === undefined || host === undefined) throw new Error('no client, port and host');
  return clientAt(id, host, Number(port));
};

const textOf = (caller: Caller | undefined): string => (caller ? JSON.stringify(claimsOf(caller)) : '');

/** What is stored of a registration. */
export const toStored = (registration: Registration | ConnectionRegistration) => {
  const { room_id: room, cluster_id: cluster } = registration;
  if (!('connection_id' in registration)) {
    const { client_id: id, host, port } = registration;
    return { id, host, port, room, cluster, caller: '' };
  }
  const { connection_id: id, caller } = registration;
  return { id, ...WEBSOCKET, room, cluster, caller: textOf(caller) };
};
export type ToStore = ReturnType<typeof toStored>;

/** The same for a stored client that keeps its cluster. */
export const storedAs = (id: string, record: ClientRecord): { client: ToStore; source: string } => {
  const { host, port, room, cluster, source, caller } = record;
  return { client: { id, host, port, room, cluster, caller: textOf(caller) }, source };
};

export const toRegistered = (id: string, { host, port, room, caller }: ClientRecord): Registered => ({
  client: clientAt(id, host, port),
  room,
  caller,
});

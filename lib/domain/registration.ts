import { z } from 'zod';
import type { Caller } from './access.ts';
import { clientId, DEFAULT_ROOM, roomId } from './reaction.ts';

/**
 * The body of `POST /register`. Every id that can be registered can be removed by `DELETE /register/{client_id}`. `.` and
 * `..` are rejected, because HTTP clients resolve them like folders, even percent-encoded. Ports below 1024 need
 * privileges and are rejected.
 */
export const registrationSchema = z.object({
  client_id: clientId.refine((id) => id !== '.' && id !== '..', 'must not be "." or "..": no URL can end in them'),
  host: z
    .string('must be a string')
    .min(1, 'must not be empty')
    .max(253, 'must have at most 253 characters')
    .default('localhost'),
  port: z
    .int({ error: 'must be a whole number from 1024 to 65535', abort: true })
    .min(1024, 'must be at least 1024')
    .max(65535, 'must be at most 65535'),
  room_id: roomId.default(DEFAULT_ROOM),
  cluster_id: z
    .union(
      [
        z.int('must be the number of a cluster'),
        z
          .string()
          .regex(/^\d{1,3}$/)
          .transform(Number),
      ],
      'must be the number of a cluster',
    )
    .optional(),
});
export type Registration = z.infer<typeof registrationSchema>;

/** One subscriber: partition `subscriber` of the topic of `cluster`. */
export interface SubscriberRef {
  cluster: number;
  subscriber: number;
}

/** A WebSocket connection that is registered as a client; the client's id is that of the connection. */
export interface ConnectionRegistration {
  connection_id: string;
  room_id: string;
  cluster_id?: number | undefined;
  /** Who has connected, where a token is required; the registration ends when the token does. */
  caller?: Caller | undefined;
}

/** A registered client, and how updates reach it. */
export type Client =
  | { transport: 'tcp'; id: string; host: string; port: number }
  | { transport: 'websocket'; id: string };
export type ClientOf<T extends Client['transport']> = Extract<Client, { transport: T }>;

/** The registration of a client. */
export interface Registered {
  client: Client;
  room: string;
  caller?: Caller | undefined;
}

import { z } from 'zod';
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

/** A client that receives updates over TCP. */
export interface Client {
  id: string;
  host: string;
  port: number;
}

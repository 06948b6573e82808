import { z } from 'zod';
import type { Client } from '../../domain/registration.ts';

/** A stored client. `source` is the client address of its registration. */
const recordSchema = z.object({
  host: z.string(),
  port: z.int(),
  room: z.string(),
  cluster: z.int().min(0).max(999),
  subscriber: z.int().min(0).max(9999),
  source: z.string(),
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

/** @throws Error when the entry in a room's viewers is damaged. */
export const toClient = (entry: string): Client => {
  const [, id, port, host] = ENTRY.exec(entry) ?? [];
  if (id === undefined || host === undefined) throw new Error('no client, port and host');
  return { id, host, port: Number(port) };
};

import { ANYBODY, type Caller } from '../domain/access.ts';
import { toFrames, type Frame } from '../domain/frame.ts';
import { PlatformError } from '../errors.ts';
import type { Clock, CountStore, Registry } from '../ports.ts';
import type { Admission } from './admission.ts';
import { demandAll, demandScope, unauthorized } from './authorization.ts';

interface Deps {
  registry: Pick<Registry, 'register' | 'refresh' | 'find' | 'unregister'>;
  admission: Pick<Admission, 'viewer' | 'registration'>;
  counts: Pick<CountStore, 'snapshot'>;
  clock: Clock;
  settings: { windowMs: number; ratio: number };
  /** No token is required. */
  isOpen: boolean;
}

/**
 * Viewers that keep a connection: they are clients of the registry, known by the id of the connection. Only the request
 * that opens it carries a token, so the registry holds the caller.
 */
export const createViewers = ({ registry, admission, counts, clock, settings, isOpen }: Deps) => {
  const enter = async (caller: Caller, address: string, connection_id: string, room_id: string): Promise<void> => {
    demandScope(caller, 'watch');
    demandAll(caller, [{ room_id }]);
    const known = caller === ANYBODY ? undefined : caller;
    await admission.viewer(address, known?.user, room_id);
    await registry.register({ connection_id, room_id, caller: known }, clock(), address);
  };

  /** @throws PlatformError `unauthorized` when its token has ended, or nothing is known about the connection. */
  const callerOf = async (connection: string): Promise<Caller> => {
    if (isOpen) return ANYBODY;
    const caller = (await registry.find(connection))?.caller;
    if (!caller) throw unauthorized('The registration of this connection has ended: connect again');
    if ((caller.until ?? Infinity) <= clock()) throw unauthorized('The token has expired');
    return caller;
  };

  return {
    callerOf,
    /** Registers a new connection. */
    connect: enter,
    /** Moves a connection to a room, or registers it again. Returns the newest windows and all totals of the room. */
    async watch(connection: string, address: string, room: string): Promise<Frame | undefined> {
      await enter(await callerOf(connection), address, connection, room);
      const { windows, ...rest } = await counts.snapshot(room);
      // The newest windows are in the last frame, and every frame has all totals.
      const ordered = windows.toSorted((a, b) => a.start - b.start);
      return toFrames({ room, windows: ordered, ...rest }, settings, clock()).at(-1);
    },
    /** Begins the time to live of the registration anew. Returns the connection's room. */
    async refresh(connection: string, address: string): Promise<string> {
      await admission.registration(address);
      const room = await registry.refresh(connection, clock());
      if (room !== undefined) return room;
      throw new PlatformError('not_found', 'This connection is not registered: send a room message');
    },
    async leave(connection: string): Promise<void> {
      await registry.unregister(connection);
    },
  };
};

export type Viewers = ReturnType<typeof createViewers>;

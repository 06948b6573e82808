import { connect, isIPv6, type Socket } from 'node:net';
import { awakeClock } from './awake-clock.ts';
import { PlatformError } from '../../errors.ts';

/** Starts to connect to one of the checked addresses of the host, without resolving its name again. */
export const dial = (host: string, port: number, checked: readonly string[]): Socket => {
  const addresses = checked.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  const socket = connect({
    host,
    port,
    noDelay: true,
    lookup: (_host, { all }, done) => {
      const [first] = addresses;
      if (all) done(null, addresses);
      else done(null, first?.address ?? '', first?.family);
    },
  });
  // Data from the client is read and discarded, so that it does not fill the memory.
  socket.resume();
  // Without a listener Node would end the process; the error is handled at the 'close' event that follows.
  socket.on('error', () => undefined);
  return socket;
};

/** Resolves when the socket is connected. @throws PlatformError `delivery_failed` when it closes or takes too long. */
export const opened = (socket: Socket, withinMs: number): Promise<void> =>
  new Promise<void>((resolve, reject) => {
    const cancel = awakeClock.after(withinMs, () => socket.destroy());
    const settle = (act: () => void) => {
      cancel();
      act();
    };
    socket
      .once('connect', () => settle(resolve))
      .once('close', () => settle(() => reject(new PlatformError('delivery_failed', 'The client cannot be reached'))));
  });

/**
 * Resolves when the text has been written to the system. `onStall` is called after every `stallMs` without progress.
 */
export const write = (socket: Socket, text: string, stallMs: number, onStall: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    let cancel = () => {};
    const wait = () => {
      cancel = awakeClock.after(stallMs, () => {
        wait();
        onStall();
      });
    };
    wait();
    const settle = (error?: Error | null) => {
      cancel();
      socket.off('close', closed);
      if (error) reject(error);
      else resolve();
    };
    const closed = () => settle(new PlatformError('delivery_failed', 'The client closed the connection'));
    socket.once('close', closed);
    socket.write(text, settle);
  });

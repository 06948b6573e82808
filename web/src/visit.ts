import { isRoom } from './room.ts';

/** The room that an address asks for. */
export const roomOf = (search: string): string | undefined => {
  const room = new URLSearchParams(search).get('room');
  return room !== null && isRoom(room) ? room : undefined;
};

/** The same address with another room. */
export const withRoom = (href: string, room: string): string => {
  const url = new URL(href);
  url.searchParams.set('room', room);
  return url.href;
};

/**
 * Takes the token out of the address's fragment, which browsers never send to a server.
 * @returns the token and the address without it
 */
export const takeToken = (href: string): { token: string | undefined; href: string } => {
  const url = new URL(href);
  const fragment = new URLSearchParams(url.hash.slice(1));
  const token = fragment.get('token') || undefined;
  if (token === undefined) return { token, href };
  fragment.delete('token');
  url.hash = fragment.toString();
  return { token, href: url.href };
};

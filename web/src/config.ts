import { isRoom } from './room.ts';

/** What the page's server says of the platform. */
export interface Config {
  url: string;
  /** undefined: the platform is asked */
  socketUrl: string | undefined;
  /** Rooms that the picker suggests; the first one is shown to who asks for none. */
  rooms: readonly [string, ...string[]];
  emojisOf(room: string): readonly string[];
}

export const DEFAULT_EMOJIS = ['🔥', '❤️', '👏', '😂', '😮', '😢'];
/** More do not fit into the bar of a phone. */
const MAX_EMOJIS = 8;

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string' && each !== '') : [];

/** @throws Error that names what is wrong */
export const readConfig = (value: unknown): Config => {
  const { url, socketUrl, rooms, emojis, roomEmojis } = (value ?? {}) as Record<string, unknown>;
  if (typeof url !== 'string' || !URL.canParse(url)) throw new Error('config.json: url must be an address');
  if (socketUrl !== undefined && (typeof socketUrl !== 'string' || !URL.canParse(socketUrl)))
    throw new Error('config.json: socketUrl must be an address');
  const [first = 'global', ...others] = texts(rooms).filter(isRoom);
  const usual = texts(emojis);
  const special = (roomEmojis ?? {}) as Record<string, unknown>;
  return {
    url,
    socketUrl,
    rooms: [first, ...others],
    emojisOf(room) {
      const own = texts(Object.hasOwn(special, room) ? special[room] : undefined);
      return [own, usual, DEFAULT_EMOJIS].find(({ length }) => length > 0)?.slice(0, MAX_EMOJIS) ?? [];
    },
  };
};

/** @throws Error when the server cannot be reached or answers something else */
export const loadConfig = async (path = 'config.json'): Promise<Config> => {
  // Relative, so that the page also works below another path.
  const response = await fetch(path, { cache: 'no-cache' });
  if (!response.ok) throw new Error(`config.json: the page's server answers ${response.status}`);
  return readConfig(await response.json());
};

import { isHost } from './hosts.ts';

const DEFAULT_PORT = 6379;

export interface RedisNode {
  host: string;
  port: number;
  username: string;
  password: string;
  tls: boolean;
}

const isDecodable = (text: string): boolean => {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
};

/** The path may only be a database number. Of ioredis's query options only `family` is accepted. */
const isRedisUrl = (text: string): boolean => {
  if (!/^rediss?:\/\/[^\s,]+$/.test(text) || !URL.canParse(text)) return false;
  const { hostname, port, username, password, pathname, search, hash } = new URL(text);
  return (
    isHost(withoutBrackets(hostname)) &&
    port !== '0' &&
    isDecodable(username) &&
    isDecodable(password) &&
    /^\/?$|^\/\d{1,5}$/.test(pathname) &&
    /^(\?family=[046])?$/.test(search) &&
    hash === ''
  );
};

const withoutBrackets = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/** Whether the text is one `redis://` or `rediss://` URL, or several, separated by commas. */
export const areRedisUrls = (text: string): boolean => text.split(',').every((part) => isRedisUrl(part.trim()));

/** The servers in `REDIS_URL`. */
export const redisNodes = (urls: string): RedisNode[] =>
  urls.split(',').map((text) => {
    const { protocol, hostname, port, username, password } = new URL(text.trim());
    return {
      host: withoutBrackets(hostname),
      port: Number(port || DEFAULT_PORT),
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
      tls: protocol === 'rediss:',
    };
  });

/** Problems of `REDIS_URL` in combination with the mode: pairs of a variable and a sentence. */
export const redisProblems = ({
  REDIS_URL = '',
  REDIS_MODE,
}: Record<string, string | undefined>): [variable: string, sentence: string][] => {
  const urls = REDIS_URL.split(',').map((part) => part.trim());
  if (REDIS_MODE !== 'cluster')
    return urls.length > 1
      ? [['REDIS_URL', 'REDIS_URL must name one server, or REDIS_MODE must be cluster (it names several)']]
      : [];
  const problems: [string, string][] = [];
  if (urls.some((url) => /^\/[^0]/.test(new URL(url || 'redis://x').pathname)))
    problems.push(['REDIS_URL', 'REDIS_URL must not choose a database with REDIS_MODE=cluster: a cluster has only 0']);
  const logins = new Set(urls.map((url) => url.replace(/^(rediss?:\/\/([^@]*@)?).*$/, '$1')));
  if (logins.size > 1)
    problems.push(['REDIS_URL', 'REDIS_URL must name all nodes with the same scheme, user and password']);
  return problems;
};

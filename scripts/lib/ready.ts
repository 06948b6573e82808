import { DEFAULT_ROOM } from '../../lib/domain/reaction.ts';

/** The addresses of a platform that `npm start` has started. */
export interface Addresses {
  /** Of the page. */
  pageUrl: string;
  /** Whether the page has been built. */
  hasPage: boolean;
  /** Of the HTTP API. */
  url: string;
  /** Of the WebSocket API. */
  socketUrl: string;
}

interface Ready extends Addresses {
  seconds: number;
  needsToken: boolean;
}

const USUAL_URL = 'http://localhost:5013';

/** What `npm start` prints when the platform is ready. */
export function readyText({ pageUrl, url, socketUrl, seconds, hasPage, needsToken }: Ready): string {
  const page = hasPage
    ? [`Open ${pageUrl} and tap`, `Overlay for OBS: ${pageUrl}/overlay?room=${DEFAULT_ROOM}`]
    : [`The page is not built yet: npm run prepare; then open ${pageUrl}`];
  const other = url === USUAL_URL ? '' : ` --url ${url}`;
  return [
    '',
    `Ready in ${seconds.toFixed(1)} s`,
    '',
    ...page,
    `HTTP API: ${url}   WebSockets: ${socketUrl}`,
    ...(hasPage ? [`API documents: ${pageUrl}/docs`] : []),
    '',
    'In two more terminals:',
    `  npm run simulate${other && ` --${other}`}`,
    `  npm run client -- --port 6000 --room ${DEFAULT_ROOM}${other}`,
    ...(needsToken ? ['', 'All of them need a token (AUTH_MODE=jwt): npm run token -- --help'] : []),
    '',
  ].join('\n');
}

/** Finds the addresses in the output of `npm start`; undefined while it is not ready. */
export function addressesIn(output: string): Addresses | undefined {
  const [, open, pageUrl, url, socketUrl] =
    /^Ready in .*\n\n[^]*?([Oo]pen) (http:\S+)[^]*?\nHTTP API: (http:\S+) +WebSockets: (ws:\S+)\n/m.exec(output) ?? [];
  return pageUrl && url && socketUrl ? { pageUrl, hasPage: open === 'Open', url, socketUrl } : undefined;
}

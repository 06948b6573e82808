import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import send from 'send';
import { namesThisMachine } from './own-host.js';

/** What the page reads from `/config.json`: docs/viewers.md. */
export interface PageConfig {
  /** Of the HTTP API. */
  url: string;
  /** Of the WebSocket API. */
  socketUrl: string;
  rooms: readonly string[];
  emojis: readonly string[];
}

export interface PageServerOptions {
  /** The built page. */
  folder: string;
  /** The documents under /docs, beside the reader of the built page. */
  docsFolder: string;
  /** 0 = any free port. */
  port: number;
  config: PageConfig;
}

export interface PageServer {
  /** `http://localhost:…` */
  url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const DOCUMENT = /^\/docs(\/.+\.(?:json|md|jpg))$/;

/** What the page may load: only its own files, and connections to the API. */
const contentSecurityPolicy = ({ url, socketUrl }: PageConfig): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ${new URL(url).origin} ${new URL(socketUrl).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; ');

/** `CORS_ORIGINS` with the page's own, by which the API and the WebSockets let it in. */
export const withPage = (origins: readonly string[], pageUrl: string): readonly string[] =>
  origins.includes('*') ? origins : [...new Set([...origins, pageUrl, pageUrl.replace('//localhost', `//${HOST}`)])];

function answer(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  const length = { 'content-length': Buffer.byteLength(text) + 1 };
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...length, ...headers });
  response.end(`${text}\n`);
}

const notFound = (response: ServerResponse) => answer(response, 404, 'Not found');

/** The path of a request without its query; undefined for an address that is not a path. */
const pathOf = ({ url = '' }: IncomingMessage): string | undefined =>
  url.startsWith('/') ? url.replace(/[?#].*$/s, '') : undefined;

/** Sends a file; `.html` need not be written. */
function sendFile(request: IncomingMessage, response: ServerResponse, path: string, root: string): void {
  // Revalidated by its ETag at each load, because the page may be built again while the server runs.
  send(request, path, { root, extensions: ['html'], maxAge: 0 })
    .on('error', ({ status }: { status?: number }) => {
      if (response.headersSent) response.destroy();
      else if (status === undefined || status >= 500) answer(response, 500, 'The file could not be read');
      else notFound(response);
    })
    .on('directory', () => notFound(response))
    .pipe(response);
}

/** Serves the page, its configuration and the documents to browsers on this machine. */
export async function startPageServer({ folder, docsFolder, port, config }: PageServerOptions): Promise<PageServer> {
  const policy = contentSecurityPolicy(config);
  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', policy);
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    if (!namesThisMachine(request.headers.host))
      return answer(response, 403, 'The Host header must be localhost or an address');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 405, 'Only GET and HEAD', { allow: 'GET, HEAD' });
    const path = pathOf(request);
    if (path === undefined) return notFound(response);
    if (path === '/config.json') {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
      return response.end(JSON.stringify(config));
    }
    // Links of the documents are relative to their folder.
    if (path === '/docs') return answer(response, 302, 'See /docs/', { location: '/docs/' });
    const [, document] = DOCUMENT.exec(path) ?? [];
    if (document !== undefined) return sendFile(request, response, document, docsFolder);
    sendFile(request, response, path, folder);
  });
  server.listen(port, HOST);
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections(); // browsers keep theirs open
      await once(server, 'close');
    },
  };
}

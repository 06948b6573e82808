import type { Page } from 'playwright-core';

/** What a page has done since `watch`. */
export interface Watched {
  /** Errors and warnings of the console, exceptions, violations of the Content-Security-Policy and failed requests. */
  problems: string[];
  /** Of all requests and WebSockets. */
  origins: Set<string>;
}

/** Records what a page does; called before the page is opened. */
export function watch(page: Page): Watched {
  const problems: string[] = [];
  const origins = new Set<string>();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:') origins.add(origin);
  });
  page.on('requestfailed', (request) => problems.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.url()}: ${response.status()}`);
  });
  page.on('websocket', (socket) => {
    origins.add(new URL(socket.url()).origin);
    socket.on('socketerror', (error) => problems.push(`${socket.url()}: ${error}`));
  });
  return { problems, origins };
}

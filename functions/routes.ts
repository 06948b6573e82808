import type { Handler } from '../lib/adapters/http-server.ts';
import { handler as health } from './health.ts';
import { handler as ingest } from './ingest.ts';
import { handler as live } from './live.ts';
import { handler as register } from './register.ts';

/** The HTTP functions by route, as in serverless.yml, for a server that runs without API Gateway. */
export const routes: Readonly<Record<string, Handler>> = {
  'POST /emoji': ingest,
  'POST /register': register,
  'DELETE /register/{client_id}': register,
  'GET /live': live,
  'GET /health': health,
};

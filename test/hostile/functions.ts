import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createHandler as createIngest } from '../../functions/ingest.ts';
import { createHandler as createLive } from '../../functions/live.ts';
import { createHandler as createRegister } from '../../functions/register.ts';
import type { Authenticator } from '../../lib/ports.ts';
import { openAuthenticator } from '../../lib/usecases/authorization.ts';
import { MemoryRegistry } from '../doubles/registry.ts';
import { MemoryCountStore } from '../doubles/count-store.ts';
import { AddressPolicy } from '../../lib/adapters/tcp/address-policy.ts';
import { RecordedLog, recordedLogger, unlimited } from '../support/doubles.ts';

export const NOW = Date.parse('2026-05-01T20:45:00.500Z');
export const SHORT_CODES = [':goal:'];

/** The HTTP functions with doubles in place of Kafka and Redis. `call` returns the parsed answer. */
export const httpFunctions = ({ auth = openAuthenticator }: { auth?: Authenticator } = {}) => {
  const log = recordedLogger();
  const clock = () => NOW;
  const records = new RecordedLog();
  const registry = new MemoryRegistry({ clusters: 2, subscribersPerCluster: 3, clientTtl: 60 });
  const policy = new AddressPolicy(['localhost', '127.0.0.0/8'], async () => ['127.0.0.1']);
  const counts = new MemoryCountStore({ windowMs: 2000, watermarkMs: 10_000 });
  const handlers = {
    ingest: createIngest({
      auth,
      admission: unlimited,
      records,
      clock,
      log,
      shortCodes: SHORT_CODES,
    }),
    register: createRegister({
      auth,
      admission: unlimited,
      registry,
      checkHost: (host, port) => policy.addressesOf(host, port),
      clock,
      log,
    }),
    live: createLive({
      auth,
      admission: unlimited,
      isPublic: auth === openAuthenticator,
      counts,
      windowMs: 2000,
      ratio: 1000,
      socketUrl: 'ws://localhost:3001',
      log,
    }),
  };
  return {
    records,
    registry,
    call: async (name: keyof typeof handlers, event: APIGatewayProxyEventV2) => answerOf(await handlers[name](event)),
  };
};

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: { error?: string; details?: { path: string; message: string }[]; accepted?: number };
}

const answerOf = ({ statusCode, headers = {}, body }: APIGatewayProxyStructuredResultV2): Answer => ({
  status: statusCode ?? 0,
  headers,
  body: JSON.parse(body ?? '') as Answer['body'],
});

import { httpHandler, invalid, jsonBody, parse } from '../lib/adapters/http.ts';
import { deps } from '../lib/deps.ts';
import { clientId } from '../lib/domain/reaction.ts';
import { registrationSchema } from '../lib/domain/registration.ts';
import { PlatformError } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import type { Clock, Registry } from '../lib/ports.ts';

interface Deps {
  registry: Registry;
  /** Rejects when updates must not be delivered there. */
  checkHost: (host: string, port: number) => Promise<unknown>;
  clock: Clock;
  log: Logger;
}

/** `POST /register` and `DELETE /register/{client_id}`. */
export const createHandler = ({ registry, checkHost, clock, log }: Deps) =>
  httpHandler(log, async (event) => {
    if (event.requestContext.http.method === 'DELETE') {
      const id = parse(clientId, event.pathParameters?.client_id, 'Invalid client ID');
      if (!(await registry.unregister(id))) throw new PlatformError('not_found', `Client ${id} is not registered`);
      return { status: 200, body: { message: `Client ${id} unregistered successfully.` } };
    }
    const body = jsonBody(event) as { client_id?: unknown; port?: unknown };
    if (body.client_id == null || body.port == null) throw invalid('Client ID and port are required');
    const registration = parse(registrationSchema, body, 'Invalid registration');
    await checkHost(registration.host, registration.port);
    const { client, cluster, subscriber } = await registry.register(registration, clock());
    return {
      status: 200,
      body: { message: `Client ${client} registered successfully.`, subscriber_id: subscriber, cluster_id: cluster },
    };
  });

export const handler = createHandler({
  registry: deps.registry,
  checkHost: (host, port) => deps.addresses.addressesOf(host, port),
  clock: Date.now,
  log: deps.log.child('register'),
});

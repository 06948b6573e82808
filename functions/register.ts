import { httpHandler, jsonBody } from '../lib/adapters/http.ts';
import { clientAddressOf } from '../lib/adapters/client-address.ts';
import type { Admission } from '../lib/usecases/admission.ts';
import { demandAll, demandScope } from '../lib/usecases/authorization.ts';
import { invalid, parse } from '../lib/usecases/parse.ts';
import { deps } from '../lib/deps.ts';
import { ANYBODY } from '../lib/domain/access.ts';
import { clientId } from '../lib/domain/reaction.ts';
import { registrationSchema } from '../lib/domain/registration.ts';
import { PlatformError } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import type { Authenticator, Clock, Registry } from '../lib/ports.ts';

interface Deps {
  auth: Authenticator;
  registry: Registry;
  admission: Pick<Admission, 'registration' | 'client' | 'removal'>;
  /** Rejects when updates must not be delivered to this address. */
  checkHost: (host: string, port: number) => Promise<unknown>;
  clock: Clock;
  log: Logger;
}

/** `POST /register` and `DELETE /register/{client_id}`. */
export const createHandler = ({ auth, registry, admission, checkHost, clock, log }: Deps) =>
  httpHandler(log, async (event) => {
    const caller = await auth.authenticate(event.headers.authorization);
    demandScope(caller, 'watch');
    if (event.requestContext.http.method === 'DELETE') {
      const id = parse(clientId, event.pathParameters?.client_id, 'Invalid client ID');
      demandAll(caller, [{ client_id: id }]);
      const headers = await admission.removal(clientAddressOf(event));
      if (!(await registry.unregister(id))) throw new PlatformError('not_found', `Client ${id} is not registered`);
      return { status: 200, headers, body: { message: `Client ${id} unregistered successfully.` } };
    }
    const body = jsonBody(event) as { client_id?: unknown; port?: unknown };
    if (body.client_id == null || body.port == null) throw invalid('Client ID and port are required');
    const registration = parse(registrationSchema, body, 'Invalid registration');
    const { client_id, room_id } = registration;
    demandAll(caller, [{ client_id, room_id }]);
    const address = clientAddressOf(event);
    const headers = await admission.registration(address);
    await checkHost(registration.host, registration.port);
    await admission.client(address, caller === ANYBODY ? undefined : caller.user, registration);
    const { client, cluster, subscriber } = await registry.register(registration, clock(), address);
    return {
      status: 200,
      headers,
      body: { message: `Client ${client} registered successfully.`, subscriber_id: subscriber, cluster_id: cluster },
    };
  });

export const handler = createHandler({
  auth: deps.auth,
  registry: deps.registry,
  admission: deps.admission,
  checkHost: deps.checkDestination,
  clock: Date.now,
  log: deps.log.child('register'),
});

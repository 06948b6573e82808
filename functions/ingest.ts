import { httpHandler, jsonBody } from '../lib/adapters/http.ts';
import { clientAddressOf } from '../lib/adapters/client-address.ts';
import { deps } from '../lib/deps.ts';
import type { Logger } from '../lib/log.ts';
import type { Authenticator } from '../lib/ports.ts';
import { createTakeTaps, type TapPorts } from '../lib/usecases/take-taps.ts';

interface Deps extends TapPorts {
  auth: Authenticator;
  log: Logger;
}

/** `POST /emoji`: answers 200 only after the broker has acknowledged every tap. */
export const createHandler = ({ auth, log, ...ports }: Deps) => {
  const takeTaps = createTakeTaps(ports);
  return httpHandler(log, async (event) => {
    const caller = await auth.authenticate(event.headers.authorization);
    const { headers, accepted } = await takeTaps(caller, clientAddressOf(event), jsonBody(event));
    const answer = { status: 'success', message: 'Emoji data queued successfully' };
    return { status: 200, headers, body: accepted === undefined ? answer : { ...answer, accepted } };
  });
};

export const handler = createHandler({ ...deps.tapPorts, auth: deps.auth, log: deps.log.child('ingest') });

import { REACTION_TOPIC } from '../lib/config/topics.ts';
import { httpHandler, invalid, jsonBody, parse, type HttpResponse } from '../lib/adapters/http.ts';
import { clientAddressOf } from '../lib/adapters/client-address.ts';
import type { Admission } from '../lib/usecases/admission.ts';
import { demandAll, demandScope } from '../lib/usecases/authorization.ts';
import { deps } from '../lib/deps.ts';
import { MAX_EVENTS, missingFields, reactionSchemas, type Tap } from '../lib/domain/reaction.ts';
import type { Logger } from '../lib/log.ts';
import type { Authenticator, Clock, RecordLog } from '../lib/ports.ts';

interface Deps {
  auth: Authenticator;
  records: RecordLog;
  admission: Pick<Admission, 'taps'>;
  clock: Clock;
  log: Logger;
  shortCodes: readonly string[];
}

/** `POST /emoji`: answers 200 only after the broker has acknowledged every tap. */
export const createHandler = ({ auth, records, admission, clock, log, shortCodes }: Deps) => {
  const schemas = reactionSchemas(shortCodes);

  const readTaps = (body: unknown): Tap[] => {
    const { events } = body as { events?: unknown };
    if (events === undefined) {
      if (missingFields(body).length > 0) throw invalid('Missing required fields');
      return [parse(schemas.tap, body, 'Invalid emoji data')];
    }
    const isBatch = Array.isArray(events) && events.length <= MAX_EVENTS;
    const missing = isBatch
      ? events.flatMap((event, n) =>
          missingFields(event).map((field) => ({ path: `events.${n}.${field}`, message: 'is required' })),
        )
      : [];
    if (missing.length > 0) throw invalid('Missing required fields', missing);
    return parse(schemas.batch, body, 'Invalid emoji data').events;
  };

  return httpHandler(log, async (event): Promise<HttpResponse> => {
    const caller = await auth.authenticate(event.headers.authorization);
    demandScope(caller, 'tap');
    const body = jsonBody(event);
    const taps = readTaps(body);
    const isBatch = 'events' in (body as object);
    demandAll(caller, taps, (n) => (isBatch ? `events.${n}.` : ''));
    const headers = await admission.taps(clientAddressOf(event), taps);
    const received_at = new Date(clock()).toISOString();
    await records.append(
      REACTION_TOPIC,
      // Taps with the same event_id must go to the same partition.
      taps.map((tap) => ({
        value: JSON.stringify({ ...tap, received_at }),
        ...(tap.event_id === undefined ? {} : { key: tap.user_id }),
      })),
    );
    const answer = { status: 'success', message: 'Emoji data queued successfully' };
    return {
      status: 200,
      headers,
      body: isBatch ? { ...answer, accepted: taps.reduce((sum, { count }) => sum + count, 0) } : answer,
    };
  });
};

export const handler = createHandler({
  auth: deps.auth,
  records: deps.tapRecords,
  admission: deps.admission,
  clock: Date.now,
  log: deps.log.child('ingest'),
  shortCodes: deps.config.EMOJI_SHORT_CODES,
});

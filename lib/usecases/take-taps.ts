import { REACTION_TOPIC } from '../config/topics.ts';
import type { Caller } from '../domain/access.ts';
import { MAX_EVENTS, missingFields, reactionSchemas, type Tap } from '../domain/reaction.ts';
import type { Clock, RecordLog } from '../ports.ts';
import type { Admission } from './admission.ts';
import { demandAll, demandScope } from './authorization.ts';
import { invalid, parse } from './parse.ts';

export interface TapPorts {
  records: RecordLog;
  admission: Pick<Admission, 'taps'>;
  clock: Clock;
  shortCodes: readonly string[];
}

interface Taken {
  /** The number of taps, for a body with `events`. */
  accepted: number | undefined;
  /** Headers with the state of the limits. */
  headers: Record<string, string>;
}

/** Creates the use case of `POST /emoji`, which is also that of taps over a WebSocket. */
export const createTakeTaps = ({ records, admission, clock, shortCodes }: TapPorts) => {
  const schemas = reactionSchemas(shortCodes);

  const readTaps = (body: object): Tap[] => {
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

  /**
   * Resolves when the broker has acknowledged every tap.
   * @param body one tap, or `{events: […]}`
   * @throws PlatformError; then no tap of an invalid, forbidden or limited body is queued.
   */
  return async (caller: Caller, address: string, body: object): Promise<Taken> => {
    demandScope(caller, 'tap');
    const taps = readTaps(body);
    const isBatch = 'events' in body;
    demandAll(caller, taps, (n) => (isBatch ? `events.${n}.` : ''));
    const headers = await admission.taps(address, taps);
    const received_at = new Date(clock()).toISOString();
    await records.append(
      REACTION_TOPIC,
      // Taps with the same event_id must go to the same partition.
      taps.map((tap) => ({
        value: JSON.stringify({ ...tap, received_at }),
        ...(tap.event_id === undefined ? {} : { key: tap.user_id }),
      })),
    );
    return { headers, accepted: isBatch ? taps.reduce((sum, { count }) => sum + count, 0) : undefined };
  };
};

import { z } from 'zod';
import { described } from './described.ts';
import { detailSchema } from './schemas.ts';

// The bodies of HTTP answers. Tests compare them with answers of the functions.

export const queuedSchema = described(
  z.object({
    status: z.literal('success'),
    message: z.literal('Emoji data queued successfully'),
    accepted: z.int().positive().optional(),
  }),
  {
    status: 'All in-sync replicas of the broker have acknowledged every tap.',
    message: 'The same in words.',
    accepted: 'The number of taps, for a body with `events`.',
  },
);

const index = z.int().nonnegative();

export const registeredSchema = described(z.object({ message: z.string(), subscriber_id: index, cluster_id: index }), {
  message: { description: 'What has happened.', examples: ['Client alice registered successfully.'] },
  subscriber_id: 'The subscriber of the cluster that delivers to the client.',
  cluster_id: 'The cluster that serves the client.',
});

export const unregisteredSchema = described(z.object({ message: z.string() }), {
  message: { description: 'What has happened.', examples: ['Client alice unregistered successfully.'] },
});

const countSchema = described(z.object({ emoji_type: z.string(), raw_count: index, scaled_count: index }), {
  emoji_type: 'The emoji, a short code, or `:other:` for emojis beyond `MAX_EMOJIS_PER_ROOM`.',
  raw_count: 'The number of taps.',
  scaled_count: '`raw_count` divided by `aggregation_ratio`, rounded up.',
});

const windowSchema = described(
  z.object({ start: z.iso.datetime(), end: z.iso.datetime(), final: z.boolean(), counts: z.array(countSchema) }),
  {
    start: 'The beginning of the window.',
    end: 'The end of the window.',
    final: 'The window is over. Only taps that an outage has delayed can still raise its counts.',
    counts: 'The counts so far.',
  },
);

export const liveSchema = described(
  z.object({
    room_id: z.string(),
    window_ms: z.int().positive(),
    aggregation_ratio: z.int().positive(),
    windows: z.array(windowSchema),
    totals: z.array(countSchema),
    late: index,
    socket_url: z.string(),
  }),
  {
    room_id: 'The room.',
    window_ms: 'The length of a window.',
    aggregation_ratio: 'Scaled counts are counts divided by this, rounded up.',
    windows: 'The newest windows (at most ten), newest first.',
    totals: 'All taps of the room so far.',
    late: 'Taps that came too late for their window.',
    socket_url: { description: 'Where viewers connect by WebSocket.', examples: ['ws://localhost:3001'] },
  },
);

export const errorSchema = described(z.object({ error: z.string(), details: z.array(detailSchema).optional() }), {
  error: 'What is wrong, in a sentence.',
  details: 'Each value that is wrong.',
});

const state = z.enum(['up', 'down', 'misconfigured']);
const STATES = {
  broker: 'The Kafka broker.',
  redis: 'Redis.',
};

export const healthySchema = described(
  z.object({ status: z.literal('ok'), broker: z.literal('up'), redis: z.literal('up') }),
  { ...STATES, status: 'Everything answers, with the settings that exact counts need.' },
);

export const unhealthySchema = described(
  z.object({ status: z.literal('unavailable'), ...errorSchema.shape, broker: state, redis: state }),
  {
    ...STATES,
    status: 'Something does not answer, or could lose counts.',
    error: 'Which service.',
    details: 'Each wrong setting; `path` is the service.',
  },
);

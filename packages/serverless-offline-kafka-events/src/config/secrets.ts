import { z } from 'zod';
import { KafkaEventsError } from '../errors.ts';

const pem = (what: string): z.ZodString => z.string().regex(/-----BEGIN /, `must be ${what} in PEM format`);

/** The content of a secret, in the format that AWS requires in Secrets Manager (K-80). */
const secret = z.union(
  [
    z.strictObject({ username: z.string().min(1), password: z.string() }),
    z.strictObject({
      certificate: pem('a certificate'),
      privateKey: pem('a private key'),
      privateKeyPassword: z.string().optional(),
    }),
    z.strictObject({ certificate: pem('a certificate') }),
  ],
  {
    error: 'must be {username, password}, {certificate, privateKey, privateKeyPassword?} or {certificate}, as PEM',
  },
);

export const secretsSchema = z.record(z.string(), secret);
export type Secret = z.output<typeof secret>;
export type Secrets = z.output<typeof secretsSchema>;

/** Parses `KAFKA_EVENTS_SECRETS`: the secrets as JSON, for those that must not be in a file. */
export const secretsVariable = (text: string | undefined): unknown => {
  if (text === undefined || text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    // The cause is omitted, because its message quotes the text.
    throw new KafkaEventsError('CONFIG_INVALID', 'KAFKA_EVENTS_SECRETS must be JSON: {"<secret ARN or name>": {…}}');
  }
};

/** Finds a secret by its ARN, by the name in the ARN (with or without the random suffix), or by a `Ref`. */
export const findSecret = (secrets: Secrets, uri: unknown): Secret | undefined => {
  const names = typeof uri === 'string' ? namesOf(uri) : Object.values(uri ?? {}).flat();
  const name = names.find((it) => typeof it === 'string' && Object.hasOwn(secrets, it));
  return name === undefined ? undefined : secrets[name as string];
};

const namesOf = (uri: string): string[] => {
  const name = /^arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(.+)$/.exec(uri)?.[1] ?? uri;
  return [uri, name, name.replace(/-[A-Za-z0-9]{6}$/, '')];
};

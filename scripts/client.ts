import { hostname } from 'node:os';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { DEFAULT_ROOM } from '../lib/domain/reaction.ts';
import { registrationSchema } from '../lib/domain/registration.ts';
import { updateSchema } from '../lib/domain/update.ts';
import {
  httpUrl,
  type Io,
  positiveNumber,
  readArgs,
  runScript,
  UsageError,
  waitUntil,
  wholeNumber,
} from './lib/cli.ts';
import { listenForLines } from './lib/line-server.ts';
import { register, unregister, type Api } from './lib/registrar.ts';
import { bearer } from './lib/token.ts';
import { count } from './lib/table.ts';
import { Totals } from './lib/totals.ts';

const HELP = `npm run client [-- options]     a viewer: registers and shows what a room taps

  --port N          the port that updates come to (6000; 0 = any free port)
  --room ROOM       the room to watch (${DEFAULT_ROOM})
  --host HOST       where the platform finds this machine (localhost)
  --id ID           the client's name (this machine's and the port, after a token's user and a colon); the same name is
                    the same client
  --cluster N       the cluster; the least loaded one when left out
  --ttl-refresh N   registers again every N seconds, which must be less than the platform's time to live (240)
  --url URL         where the API is (http://localhost:5013)
  --token TOKEN     for a platform with AUTH_MODE=jwt: of scope watch, for the room (EMOJI_TOKEN)
  --json            the updates as they come, a JSON line each, and {"totals": …} at the end
  --help

Updates go to the standard output, everything else to the standard error. Ctrl-C unregisters the client.
Exit code 1 when the port is taken or the registration refused, 2 for wrong usage.`;

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = readArgs({
    args,
    options: {
      port: { ...text, default: '6000' },
      room: { ...text, default: DEFAULT_ROOM },
      host: { ...text, default: 'localhost' },
      id: text,
      cluster: text,
      'ttl-refresh': { ...text, default: '240' },
      url: { ...text, default: 'http://localhost:5013' },
      token: text,
      json: flag,
      help: flag,
    },
  });
  return values;
}

/** A viewer that only this machine can reach need not be open to others. */
const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);

const lineSchema = updateSchema.extend({ window_ms: z.int().positive() });

/** Reads the lines of one room's updates and shows them. */
function createViewer({ print, printError }: Io, room: string, json: boolean) {
  const totals = new Totals();
  return {
    read(line: string): void {
      const update = parseLine(line);
      if (!update) return printError(`not an update: ${line.slice(0, 200)}`);
      if (update.room_id !== room) return; // on its way when this client was another's
      const { grown, total } = totals.add(update);
      if (json) return print(line);
      if (grown === 0) return;
      const window = count(update.raw_count).padStart(9);
      print(
        `${new Date(update.start).toTimeString().slice(0, 8)}  ${update.emoji_type}  ${window} in the window  ${count(total).padStart(11)} in total`,
      );
    },
    end(): void {
      if (json) return print(JSON.stringify({ totals: Object.fromEntries(totals.all()) }));
      const list = [...totals.all()].map(([emoji, taps]) => `${emoji} ${count(taps)}`);
      print(`in total: ${list.join('  ') || 'nothing'}`);
    },
  };
}

function parseLine(line: string) {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

export async function main(args: string[], io: Io): Promise<number> {
  const values = readOptions(args);
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const port = wholeNumber('--port', values.port, { from: 0, to: 65_535 });
  const url = httpUrl('--url', values.url);
  const refreshSeconds = positiveNumber('--ttl-refresh', values['ttl-refresh'], 86_400);
  const cluster =
    values.cluster === undefined ? undefined : wholeNumber('--cluster', values.cluster, { from: 0, to: 999 });
  const { host, room } = values;
  const token = values.token || io.env.EMOJI_TOKEN;
  const owner = token ? `${userOf(token)}:` : '';
  // Where the platform's own rules are, before anything is opened.
  const registrationOn = (actualPort: number) =>
    asRegistration({
      client_id: values.id ?? `${owner}${hostname()}-${actualPort}`,
      host,
      port: actualPort,
      room_id: room,
      cluster_id: cluster,
    });
  registrationOn(port === 0 ? 65_535 : port);

  const headers = bearer(token);
  const signal = io.stopSignal();
  const viewer = createViewer(io, room, values.json ?? false);
  const server = await listenForLines(isLoopback(host) ? host : undefined, port, viewer.read);
  try {
    const registration = registrationOn(server.port);
    const { client_id: id } = registration;
    await keepRegistered(io, { url, headers }, registration, refreshSeconds, signal);
    const left = await unregister({ url, headers }, id);
    io.printError(
      left ? `${id} is not unregistered: ${left}; the platform forgets it by itself` : `${id} is unregistered`,
    );
  } finally {
    server.close();
    viewer.end();
  }
  return 0;
}

/** Until the signal is aborted. */
async function keepRegistered(
  { printError }: Io,
  api: Api,
  registration: ReturnType<typeof asRegistration>,
  refreshSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { client_id: id, host, port, room_id: room } = registration;
  const onRetry = (reason: string, waitMs: number) =>
    printError(`${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s`);
  let before = '';
  while (!signal.aborted) {
    try {
      const { cluster_id, subscriber_id } = await register(api, registration, { signal, onRetry });
      const place = `cluster ${cluster_id}, subscriber ${subscriber_id}`;
      if (place !== before) printError(`${id} on ${host}:${port} is registered for room ${room} (${place})`);
      before = place;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await waitUntil(signal, refreshSeconds);
  }
}

/** Whose token it is; whether it is good the platform says. */
function userOf(token: string): string {
  try {
    return decodeJwt(token).sub ?? '';
  } catch (error) {
    throw new UsageError('--token, or EMOJI_TOKEN, should be a token such as "npm run token" prints.', {
      cause: error,
    });
  }
}

const FLAGS: Record<string, string> = {
  client_id: '--id',
  host: '--host',
  port: '--port',
  room_id: '--room',
  cluster_id: '--cluster',
};

/** @throws UsageError that names the flag. */
function asRegistration(value: Record<string, unknown>) {
  const { success, data, error } = registrationSchema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const field = String(issue?.path[0]);
  throw new UsageError(
    `${FLAGS[field] ?? field} ${issue?.message.replace(/^must/, 'should')}, not "${String(value[field])}".`,
  );
}

await runScript(import.meta, 'client', main);

import { hostname } from 'node:os';
import { decodeJwt } from 'jose';
import { createLogUpdate } from 'log-update';
import { DEFAULT_ROOM } from '../lib/domain/reaction.ts';
import { registrationSchema } from '../lib/domain/registration.ts';
import { updateLineSchema } from '../lib/domain/update-line.ts';
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
import { ClientTable } from './lib/client-table.ts';
import { listenForLines } from './lib/line-server.ts';
import { register, unregister, type Api } from './lib/registrar.ts';
import { bearer } from './lib/token.ts';
import { count } from './lib/table.ts';
import { Totals } from './lib/totals.ts';

const HELP = `npm run client [-- options]     registers as a viewer and shows the counts of a room

  --port N          port that receives the updates (6000; 0 = any free port)
  --room ROOM       the room to watch (${DEFAULT_ROOM})
  --host HOST       host under which the platform reaches this machine (localhost)
  --id ID           client id (host name and port; with a token, preceded by the token's user and a colon). Registering
                    the same id again replaces the registration
  --cluster N       cluster (the least loaded one)
  --ttl-refresh N   registers again every N seconds; must be below the platform's CLIENT_TTL_SECONDS (240)
  --url URL         URL of the API (http://localhost:5013)
  --token TOKEN     token of scope watch for the room, for a platform with AUTH_MODE=jwt (EMOJI_TOKEN)
  --json            prints each update as a line of JSON, and {"totals": …} at the end
  --help

On a terminal the counts are a table that is updated in place, otherwise a line for each change. Counts go to standard
output, all other messages to standard error. Ctrl-C unregisters the client.
Exit code 1 when the port is taken or the registration is rejected, 2 for wrong usage.`;

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

/** For a loopback host, the client listens only on that address. */
const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);

interface Viewer {
  read(line: string): void;
  /** Prints a message without disturbing the table. */
  say(line: string): void;
  end(): void;
}

const totalsLine = (totals: Totals): string => {
  const list = [...totals.all()].map(([emoji, taps]) => `${emoji} ${count(taps)}`);
  return `in total: ${list.join('  ') || 'nothing'}`;
};

/** Reads the lines of one room's updates and shows them: JSON or lines, or on a terminal a table in place. */
function createViewer({ print, printError, terminal }: Io, room: string, json: boolean): Viewer {
  const totals = new Totals();
  const table = !json && terminal ? liveTable(terminal, printError, room, totals) : undefined;
  const say = table?.say ?? printError;
  return {
    say,
    read(line) {
      const update = parseLine(line);
      if (!update) return say(`not an update: ${line.slice(0, 200)}`);
      if (update.room_id !== room) return; // sent before this client registered for another room
      const { grown, total } = totals.add(update);
      if (json) return print(line);
      if (table) return table.add(update);
      if (grown === 0) return;
      const window = count(update.raw_count).padStart(9);
      print(
        `${new Date(update.start).toTimeString().slice(0, 8)}  ${update.emoji_type}  ${window} in the window  ${count(total).padStart(11)} in total`,
      );
    },
    end() {
      table?.end();
      print(json ? JSON.stringify({ totals: Object.fromEntries(totals.all()) }) : totalsLine(totals));
    },
  };
}

/** The table is redrawn at most ten times a second. */
const REDRAW_MS = 100;

function liveTable(terminal: NodeJS.WriteStream, printError: Io['printError'], room: string, totals: Totals) {
  const table = new ClientTable(room);
  const logUpdate = createLogUpdate(terminal);
  const draw = () => logUpdate(table.render(totals.all(), { width: terminal.columns, height: terminal.rows }));
  let timer: NodeJS.Timeout | undefined;
  const redraw = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      draw();
    }, REDRAW_MS);
  };
  terminal.on('resize', redraw);
  return {
    add(update: Parameters<ClientTable['add']>[0]) {
      table.add(update);
      redraw();
    },
    say(line: string) {
      logUpdate.clear();
      printError(line);
      draw();
    },
    end() {
      clearTimeout(timer);
      draw();
      logUpdate.done();
    },
  };
}

function parseLine(line: string) {
  try {
    return updateLineSchema.safeParse(JSON.parse(line)).data;
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
  // The platform's own validation, before a port is opened.
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
    await keepRegistered({ url, headers }, registration, refreshSeconds, { signal, say: viewer.say });
    const left = await unregister({ url, headers }, id);
    viewer.say(
      left ? `${id} could not be unregistered: ${left}; its registration expires by itself` : `${id} is unregistered`,
    );
  } finally {
    server.close();
    viewer.end();
  }
  return 0;
}

/** Registers again and again until the signal is aborted. */
async function keepRegistered(
  api: Api,
  registration: ReturnType<typeof asRegistration>,
  refreshSeconds: number,
  { signal, say }: { signal: AbortSignal; say: Viewer['say'] },
): Promise<void> {
  const { client_id: id, host, port, room_id: room } = registration;
  const onRetry = (reason: string, waitMs: number) => say(`${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s`);
  let before = '';
  while (!signal.aborted) {
    try {
      const { cluster_id, subscriber_id } = await register(api, registration, { signal, onRetry });
      const assigned = `cluster ${cluster_id}, subscriber ${subscriber_id}`;
      if (assigned !== before) say(`${id} on ${host}:${port} is registered for room ${room} (${assigned})`);
      before = assigned;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await waitUntil(signal, refreshSeconds);
  }
}

/** The user of a token. It is not verified here: the platform does that. */
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
